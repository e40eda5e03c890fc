"""cross.json: what was crossed, and the figures of every pair."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from voicelab.runs.records import CodeState, EngineUsed
from voicelab.scoring.schema import Measured, NormalizerUsed


class _CrossRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CrossedPair(_CrossRecord):
    """One voice and one recognizer.

    interaction: the word error rate beyond what voice and recognizer explain alone; below 0 the recognizer gains from
    the voice. certain: 0 lies outside its interval also when that is widened for all pairs (Bonferroni).
    """

    voice: str
    recognizer: str
    wer: Measured
    interaction: Measured
    certain: bool


class CrossResult(_CrossRecord):
    """All of cross.json. voices, recognizers: by the names that they were asked for.

    sentences: heard in all pairs, which the figures are over; planned: all of the set's texts, each once.
    """

    format_version: Literal[1] = 1
    samples: str
    status: Literal["finished", "stopped"]
    sentences: int
    planned: int
    voices: dict[str, EngineUsed]
    recognizers: dict[str, EngineUsed]
    normalizer: NormalizerUsed
    seed: int
    pairs: tuple[CrossedPair, ...]
    code: CodeState
    packages: dict[str, str]
    machine: dict[str, str | int | float]
    started_at: AwareDatetime
    finished_at: AwareDatetime

    def pair(self, voice: str, recognizer: str) -> CrossedPair:
        return next(one for one in self.pairs if (one.voice, one.recognizer) == (voice, recognizer))
