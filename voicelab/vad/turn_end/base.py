"""The interface of end-of-turn detectors."""

from typing import Protocol

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo
from voicelab.vad.completeness import Completeness
from voicelab.vad.settings import EndpointSettings


class TurnEnd(Protocol):
    """An end-of-turn detector. A class with keyword options only; one instance serves all connections of a process.

    settings: the silence required for each verdict. sound_s: seconds of audio, including the pause, that `sound_score`
    needs; 0: the audio is not used.
    """

    settings: EndpointSettings
    sound_s: float = 0.0

    def load(self) -> EngineInfo:
        """Load the requirements of `sound_score`. Raises EngineMissingError with instructions."""

    def sound_score(self, sound: Clip) -> float:
        """Return the evidence in the audio that the user has finished, as log odds. sound: at SPEECH_RATE_HZ."""
        return 0.0

    def verdict(self, text: str, sound_score: float | None) -> Completeness:
        """Combine the words so far ("" if unknown) and the sound score (None before scoring) to a verdict."""
