"""Detect the end of a turn by silence and by whether the words so far look complete."""

from __future__ import annotations

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo
from voicelab.vad.completeness import Completeness, completeness
from voicelab.vad.settings import EndpointSettings


class Words:
    """Word-based detector. silence_s: silence that ends a turn if its words are neither complete nor unfinished.

    complete_factor, unfinished_factor: factors of silence_s for complete and for unfinished words.
    """

    sound_s = 0.0

    def __init__(self, *, silence_s: float = 0.7, complete_factor: float = 0.6, unfinished_factor: float = 1.5) -> None:
        self._options = {
            "silence_s": silence_s, "complete_factor": complete_factor, "unfinished_factor": unfinished_factor,
        }  # fmt: skip
        self.settings = EndpointSettings(**self._options)

    def load(self) -> EngineInfo:
        return EngineInfo("turn_end", "words", self._options, "1", licence="Apache-2.0")

    def sound_score(self, sound: Clip) -> float:
        return 0.0

    def verdict(self, text: str, sound_score: float | None) -> Completeness:
        return completeness(text)
