"""Detect the end of a turn by silence alone."""

from dataclasses import asdict, dataclass

from voicelab.engines.spec import EngineInfo
from voicelab.vad.completeness import Completeness
from voicelab.vad.settings import EndpointSettings
from voicelab.vad.turn_end.base import TurnEnd


@dataclass(kw_only=True, eq=False, repr=False)
class Silence(TurnEnd):
    """Silence-based detector. silence_s: silence that ends a turn; somewhat more after short utterances."""

    silence_s: float = 0.75

    def __post_init__(self) -> None:
        self.settings = EndpointSettings(silence_s=self.silence_s)

    def load(self) -> EngineInfo:
        return EngineInfo("turn_end", "silence", asdict(self), "1", licence="Apache-2.0")

    def verdict(self, text: str, sound_score: float | None) -> Completeness:
        return Completeness.OPEN
