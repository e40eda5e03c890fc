"""NIST's timed formats: `.stm` reference segments and `.ctm` hypothesis words, and the assignment of words to segments.

call_1 A anna 0.00 2.50 <o,f0> hello there          (stm: file channel speaker start end [<labels>] text)
call_1 A 0.31 0.20 hello 0.93                       (ctm: file channel start duration word [confidence])

Times are in seconds. Lines that start with `;;` are comments. File, channel and speaker names are not case-sensitive.
Alternatives in a .ctm are enclosed in <ALT_BEGIN>, <ALT> and <ALT_END>, whose times are `*`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from voicelab.datasets.text_files import numbered_lines
from voicelab.datasets.transcripts.base import UtterancePair
from voicelab.errors import InputError

IGNORED = "ignore_time_segment_in_scoring"
"""Segments with this text, and the words recognized in them, are excluded from scoring. NIST's corpora write it with or
without underscores, in any case.
"""
_LABEL = re.compile(r"^(<[^>]*>|<\S*)\s*")
_BEGIN, _NEXT, _END = "<alt_begin>", "<alt>", "<alt_end>"


@dataclass(frozen=True, slots=True)
class StmSegment:
    """A transcribed time range of one speaker in a channel."""

    file: str
    channel: str
    speaker: str
    start_s: float
    end_s: float
    text: str
    line: int = field(default=0, compare=False)

    @property
    def ignored(self) -> bool:
        """Whether it is excluded from scoring."""
        return IGNORED.replace("_", "") in self.text.lower().replace("_", "")


@dataclass(frozen=True, slots=True)
class CtmWord:
    """A recognized word; its times are None for marks of alternatives."""

    file: str
    channel: str
    start_s: float | None
    duration_s: float | None
    word: str
    line: int = field(default=0, compare=False)


def read_stm(path: Path) -> list[StmSegment]:
    """Read an .stm file, in its order. Raises InputError, which names the file, the line and the field."""
    segments = []
    lines: dict[tuple[str, str, str, float, float], int] = {}
    for number, line in numbered_lines(path, comments=(";;",)):
        fields = line.split(maxsplit=5)
        if len(fields) < 5:
            wanted = "file channel speaker start end [<labels>] text"
            raise InputError(f"{path}: line {number}: {len(fields)} fields; expected: {wanted}")
        start_s, end_s = (_seconds(path, number, name, fields[at]) for name, at in (("start", 3), ("end", 4)))
        if end_s < start_s:
            raise InputError(f"{path}: line {number}: field 'end': {fields[4]} is before the start, {fields[3]}")
        text = _LABEL.sub("", fields[5].strip()) if len(fields) > 5 else ""
        file, channel, speaker = (field.lower() for field in fields[:3])
        stretch = (file, channel, speaker, start_s, end_s)
        if lines.setdefault(stretch, number) != number and end_s > start_s:
            raise InputError(
                f"{path}: line {number}: the segment {' '.join(fields[:5])} already occurs in line {lines[stretch]}; "
                "keep one of the two"
            )
        segments.append(StmSegment(file, channel, speaker, start_s, end_s, text.strip(), number))
    return segments


def read_ctm(path: Path) -> list[CtmWord]:
    """Read a .ctm file, in its order. Raises InputError, which names the file, the line and the field."""
    words = []
    for number, line in numbered_lines(path, comments=(";;",)):
        fields = line.split()
        if not 5 <= len(fields) <= 8:
            wanted = "file channel start duration word [confidence]"
            raise InputError(f"{path}: line {number}: {len(fields)} fields; expected: {wanted}")
        mark = fields[4].lower() in (_BEGIN, _NEXT, _END)
        start_s = duration_s = None
        if not mark:
            start_s = _seconds(path, number, "start", fields[2])
            duration_s = _seconds(path, number, "duration", fields[3])
        if len(fields) > 5 and fields[5].lower() not in ("na", "*"):
            _seconds(path, number, "confidence", fields[5])  # checked, not used
        words.append(CtmWord(fields[0].lower(), fields[1].lower(), start_s, duration_s, fields[4], number))
    return words


def _seconds(path: Path, number: int, name: str, value: str) -> float:
    try:
        found = float(value)
    except ValueError as error:
        raise InputError(f"{path}: line {number}: field {name!r}: {value!r} is not a number") from error
    if not 0 <= found < 1e9:
        raise InputError(f"{path}: line {number}: field {name!r}: {value} is out of range")
    return found


def cut(segments: Sequence[StmSegment], words: Sequence[CtmWord]) -> tuple[list[UtterancePair], list[str]]:
    """Assign words to segments like sclite; also return the channels without any word.

    Segments and words are processed by start time, in any input order. A segment takes the words after the previous
    segment whose midpoint is before its end; the last segment of a channel takes the rest. Raises InputError for words
    in a channel without segments.
    """
    spoken: dict[tuple[str, str], list[CtmWord]] = {}
    for word in words:
        spoken.setdefault((word.file, word.channel), []).append(word)
    channels: dict[tuple[str, str], list[StmSegment]] = {}
    for segment in segments:
        channels.setdefault((segment.file, segment.channel), []).append(segment)
    if strangers := [key for key in spoken if key not in channels]:
        listed = ", ".join(f"{file} {channel}" for file, channel in strangers[:10])
        raise InputError(f"the hypotheses have words in {len(strangers)} channels that the reference lacks: {listed}")
    pairs: list[UtterancePair] = []
    numbers: dict[str, int] = {}
    for key, members in channels.items():
        blocks = _blocks(spoken.get(key, []))
        members.sort(key=lambda segment: segment.start_s)
        for place, segment in enumerate(members):
            last = place == len(members) - 1
            # sclite stores segment ends as 32-bit floats; this affects words whose midpoint equals an end.
            end_s = float(np.float32(segment.end_s))
            outside = (count for count, block in enumerate(blocks) if block.middle_s >= end_s)
            count = len(blocks) if last else next(outside, len(blocks))
            taken, blocks = blocks[:count], blocks[count:]
            if segment.ignored:
                continue
            number = numbers.get(segment.speaker, 0)
            numbers[segment.speaker] = number + 1
            text = " ".join(block.text for block in taken)
            pairs.append(UtterancePair(f"{segment.speaker}-{number:03d}", segment.speaker, segment.text, text))
    return pairs, [f"{file} {channel}" for file, channel in channels if (file, channel) not in spoken]


@dataclass(frozen=True, slots=True)
class _Block:
    """A word, or a group of alternatives; start_s: earliest start, middle_s: latest midpoint of its words."""

    text: str
    start_s: float
    middle_s: float


def disorder(path: Path, items: Sequence[StmSegment] | Sequence[CtmWord]) -> list[str]:
    """Return a sentence that names the first line whose start precedes the previous one in its channel, or nothing."""
    latest: dict[tuple[str, str], float] = {}
    for one in items:
        if one.start_s is None:
            continue
        before_s = latest.get((one.file, one.channel), 0.0)
        if one.start_s < before_s:
            return [
                f"{path}: line {one.line}: the start goes back from {before_s:g} to {one.start_s:g} s; "
                "the lines were sorted by time"
            ]
        latest[one.file, one.channel] = one.start_s
    return []


def _blocks(words: Iterable[CtmWord]) -> list[_Block]:
    """Return words and groups of alternatives by start time."""
    blocks: list[_Block] = []
    wordings: list[list[CtmWord]] | None = None
    for word in words:
        mark = word.word.lower()
        if mark == _BEGIN:
            wordings = [[]]
        elif wordings is not None and mark == _NEXT:
            wordings.append([])
        elif wordings is not None and mark == _END:
            blocks.append(_alternatives(wordings, blocks[-1].start_s if blocks else 0.0))
            wordings = None
        elif wordings is None:
            blocks.append(_Block(word.word, word.start_s or 0.0, _middle_s(word)))
        else:
            wordings[-1].append(word)
    if wordings is not None:
        raise InputError(f"{_BEGIN} without a matching {_END}")
    return sorted(blocks, key=lambda block: block.start_s)


def _alternatives(wordings: Sequence[Sequence[CtmWord]], before_s: float) -> _Block:
    """before_s: start of the preceding item, used when no alternative contains a word."""
    inside = " / ".join(" ".join(word.word for word in wording) or "@" for wording in wordings)
    words = [word for wording in wordings for word in wording]
    start_s = min((word.start_s or 0.0 for word in words), default=before_s)
    return _Block(f"{{ {inside} }}", start_s, max(map(_middle_s, words), default=0.0))


def _middle_s(word: CtmWord) -> float:
    return (word.start_s or 0.0) + (word.duration_s or 0.0) / 2
