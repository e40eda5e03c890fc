"""The contents of transcript files, independent of the format."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voicelab.errors import InputError


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """The reference or hypothesis text of one recording. line: its line in the file."""

    id: str
    text: str
    speaker: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class UtterancePair:
    """A reference and its hypothesis."""

    id: str
    speaker: str
    reference: str
    hypothesis: str


def refuse_doubles(path: Path, utterances: Iterable[TranscriptLine]) -> None:
    """Raise InputError for a duplicate id."""
    seen: dict[str, int] = {}
    for utterance in utterances:
        if utterance.id in seen:
            raise InputError(
                f"{path}: line {utterance.line}: the id {utterance.id!r} already occurs in line {seen[utterance.id]}; "
                "give each row a unique `id`"
            )
        seen[utterance.id] = utterance.line
