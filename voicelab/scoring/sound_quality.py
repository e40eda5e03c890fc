"""sound_quality.json of a run: predicted sound quality of replies and requests, and the replies' round-trip WER."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from voicelab.runs.record_file import Record, read_record, write_record
from voicelab.scoring.schema import Measured

FILE_NAME = "sound_quality.json"
SCORES = {
    "overall": "overall (P.835)",
    "signal": "speech (P.835)",
    "background": "noise (P.835)",
    "p808": "P.808",
    "plcmos": "PLCMOS",
}
"""The scores of a clip, from 1 (bad) to 5 (excellent), with their titles in tables."""


class ScoredSound(Record):
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


class SoundGroup(Record):
    """All replies, or all requests. scores: means. wer: of `heard`. absent: why there are no scores."""

    scores: dict[str, Measured] = Field(default_factory=dict)
    wer: Measured | None = None
    sounds: tuple[ScoredSound, ...] = ()
    absent: str | None = None


class SoundQualityRecord(Record):
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
    write_record(folder / FILE_NAME, record)


def read(folder: Path) -> SoundQualityRecord | None:
    """Read the run's sound_quality.json; None if it does not exist. InputError describes an error in it."""
    file = folder / FILE_NAME
    if not file.exists():
        return None
    hint = f"write it again: voicelab listen {folder}"
    return read_record(file, SoundQualityRecord, "a record of sound quality", hint)
