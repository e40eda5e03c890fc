"""cross.json: the engines, the set, and the figures of every pair."""

from typing import Literal

from pydantic import AwareDatetime

from voicelab.engines.spec import EngineInfo
from voicelab.runs.record_file import Record
from voicelab.runs.records import CodeState
from voicelab.scoring.schema import Measured, NormalizerUsed


class CrossedPair(Record):
    """One voice and one recognizer.

    interaction: the word error rate minus the main effects; below 0 the recognizer gains from the voice. certain: the
    interval excludes 0 even after a Bonferroni correction for the number of pairs.
    """

    voice: str
    recognizer: str
    wer: Measured
    interaction: Measured
    certain: bool


class CrossResult(Record):
    """The content of cross.json. voices, recognizers: by the names that the user gave.

    sentences: number of texts finished in all pairs, which the figures cover; planned: number of distinct texts.
    """

    format_version: Literal[1] = 1
    samples: str
    status: Literal["finished", "stopped"]
    sentences: int
    planned: int
    voices: dict[str, EngineInfo]
    recognizers: dict[str, EngineInfo]
    normalizer: NormalizerUsed
    pairs: tuple[CrossedPair, ...]
    code: CodeState
    packages: dict[str, str]
    machine: dict[str, str | int | float]
    started_at: AwareDatetime
    finished_at: AwareDatetime

    def pair(self, voice: str, recognizer: str) -> CrossedPair:
        return next(one for one in self.pairs if (one.voice, one.recognizer) == (voice, recognizer))
