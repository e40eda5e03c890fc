"""Detect the end of a turn by silence and by whether the words so far look complete."""

from dataclasses import asdict, dataclass

from voicelab.engines.spec import EngineInfo
from voicelab.vad.completeness import Completeness, completeness
from voicelab.vad.settings import EndpointSettings
from voicelab.vad.turn_end.base import TurnEnd


@dataclass(kw_only=True, eq=False, repr=False)
class Words(TurnEnd):
    """Word-based detector. silence_s: silence that ends a turn if its words are neither complete nor unfinished.

    complete_factor, unfinished_factor: factors of silence_s for complete and for unfinished words.
    """

    silence_s: float = 0.7
    complete_factor: float = 0.6
    unfinished_factor: float = 1.5

    def __post_init__(self) -> None:
        self.settings = EndpointSettings(**asdict(self))

    def load(self) -> EngineInfo:
        return EngineInfo("turn_end", "words", asdict(self), "1", licence="Apache-2.0")

    def verdict(self, text: str, sound_score: float | None) -> Completeness:
        return completeness(text)
