"""Detect the end of a turn by silence alone."""

from __future__ import annotations

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo
from voicelab.vad.completeness import Completeness
from voicelab.vad.settings import EndpointSettings


class Silence:
    """Silence-based detector. silence_s: silence that ends a turn; somewhat more after short utterances."""

    sound_s = 0.0

    def __init__(self, *, silence_s: float = 0.75) -> None:
        self.settings = EndpointSettings(silence_s=silence_s)

    def load(self) -> EngineInfo:
        return EngineInfo("turn_end", "silence", {"silence_s": self.settings.silence_s}, "1", licence="Apache-2.0")

    def sound_score(self, sound: Clip) -> float:
        return 0.0

    def verdict(self, text: str, sound_score: float | None) -> Completeness:
        return Completeness.OPEN
