"""What decides in a pause whether the person who spoke has finished."""

from __future__ import annotations

from typing import Protocol

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo
from voicelab.vad.completeness import Completeness
from voicelab.vad.settings import EndpointSettings


class TurnEnd(Protocol):
    """One way to decide. A class with keyword options only; one instance serves all connections of a process.

    settings: how much silence each verdict asks for. sound_s: how many seconds of sound, up to the pause and with it,
    `sound_score` looks at; 0: the sound is not looked at.
    """

    settings: EndpointSettings
    sound_s: float

    def load(self) -> EngineInfo:
        """Load what `sound_score` needs; raises EngineMissingError with the way out."""

    def sound_score(self, sound: Clip) -> float:
        """The evidence in the sound that the person has finished, as log odds. sound: at SPEECH_RATE_HZ."""

    def verdict(self, text: str, sound_score: float | None) -> Completeness:
        """What the words so far ("" where none are known) and the sound (None before it was judged) say together."""
