"""sound_quality.json of a run: predicted sound quality of replies and requests, and the replies' round-trip WER."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from voicelab.errors import InputError
from voicelab.runs import storage
from voicelab.scoring.schema import Measured

FILE_NAME = "sound_quality.json"
SCORES = {
    "overall": "overall (P.835)",
    "signal": "speech (P.835)",
    "background": "background (P.835)",
    "p808": "P.808",
    "plcmos": "PLCMOS",
}
"""The scores of a clip, from 1 (bad) to 5 (excellent), with their titles in tables."""


class _SoundRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScoredSound(_SoundRecord):
    """A clip. key: of its turn. scores: by the names in SCORES. text: the spoken text.

    heard: transcript of a reply by the listening recognizer, or of a request by the run's recognizer; None without.
    errors, words: word errors of `heard` and words of `text`, normalized.
    """

    key: str
    text: str
    duration_s: float
    scores: dict[str, float]
    heard: str | None = None
    errors: int | None = None
    words: int | None = None


class SoundGroup(_SoundRecord):
    """All replies, or all requests. scores: means. wer: of `heard`. absent: why there are no scores."""

    scores: dict[str, Measured] = {}
    wer: Measured | None = None
    sounds: tuple[ScoredSound, ...] = ()
    absent: str | None = None


class SoundQualityRecord(_SoundRecord):
    """The content of sound_quality.json.

    models: origin of the scores. voice, recognizer: engines that spoke and transcribed the replies (None: not
    transcribed). normalizer: of both word error rates.
    """

    format_version: Literal[1] = 1
    run_id: str
    models: str
    voice: str
    recognizer: str | None
    normalizer: str
    replies: SoundGroup
    requests: SoundGroup


def write(folder: Path, record: SoundQualityRecord) -> None:
    """Replace the run's sound_quality.json atomically."""
    storage.write_whole(folder / FILE_NAME, f"{record.model_dump_json(indent=1)}\n".encode())


def read(folder: Path) -> SoundQualityRecord | None:
    """Read the run's sound_quality.json; None if it does not exist. InputError describes an error in it."""
    file = folder / FILE_NAME
    if not file.exists():
        return None
    try:
        return SoundQualityRecord.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.reason
        raise InputError(
            f"{file}: not a record of sound quality: {what}; write it again: voicelab listen {folder}"
        ) from error
