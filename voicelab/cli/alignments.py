"""Print alignments: reference above hypothesis, with errors in colour and marked S, D or I."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from voicelab.cli.terminal import printable

if TYPE_CHECKING:
    from rich.text import Text

    from voicelab.analysis.score_transcripts import Score
    from voicelab.metrics.words import AlignmentStep

_STYLES = {"equal": "", "substitute": "yellow", "delete": "red", "insert": "cyan"}
_MARKS = {"equal": "", "substitute": "S", "delete": "D", "insert": "I"}
_HEADS = ("REF:  ", "HYP:  ", "      ")
_GAP = "*"


def print_alignments(score: Score, chosen: Iterable[tuple[int, Sequence[AlignmentStep]]]) -> None:
    """Print alignments in the width of the terminal. chosen: indices in the score, with their steps."""
    from rich.console import Console

    console = Console(soft_wrap=True)
    for position, steps in chosen:
        words = score.utterances[position].words
        count = f"{words.errors} errors in {words.reference_words} words"
        console.print(f"\n{printable(score.pairs[position].id)}: {count}", markup=False, highlight=False)
        for line in alignment_lines(steps, console.width):
            console.print(line)


def alignment_lines(steps: Sequence[AlignmentStep], width: int) -> Iterator[Text]:
    """Three lines per part that fits the width: reference, hypothesis, and marks."""
    from rich.cells import cell_len
    from rich.text import Text

    lines = [Text(head) for head in _HEADS]
    for step in steps:
        mine, other = printable(step.reference or ""), printable(step.hypothesis or "")
        size = max(cell_len(mine), cell_len(other), 1)
        if lines[0].cell_len > len(_HEADS[0]) and lines[0].cell_len + size > width:
            yield from _trimmed(lines)
            lines = [Text(head) for head in _HEADS]
        style = _STYLES[step.operation]
        for line, word in zip(lines, (mine or _GAP * size, other or _GAP * size, _MARKS[step.operation]), strict=True):
            line.append(word, style)
            line.append(" " * (size - cell_len(word) + 1))
    yield from _trimmed(lines)


def _trimmed(lines: list[Text]) -> Iterator[Text]:
    for line in lines:
        line.rstrip()
        if line.plain.strip():
            yield line
