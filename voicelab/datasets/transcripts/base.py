"""What a transcript file holds, whichever way it is written, and how its faults are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voicelab.errors import InputError


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said in one recording, or what was recognized in it. line: where it stands in its file."""

    id: str
    text: str
    speaker: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class UtterancePair:
    """A reference and the hypothesis for it."""

    id: str
    speaker: str
    reference: str
    hypothesis: str


def write_lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def refuse_doubles(path: Path, utterances: Iterable[Utterance]) -> None:
    """InputError when an id stands twice in a file."""
    seen: dict[str, int] = {}
    for utterance in utterances:
        if utterance.id in seen:
            raise InputError(
                f"{path}: line {utterance.line}: the id {utterance.id!r} stands in line {seen[utterance.id]} already; "
                "give each row an `id` that no other has"
            )
        seen[utterance.id] = utterance.line
