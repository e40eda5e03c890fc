"""The interface of a voice."""

from typing import Protocol

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo


class Voice(Protocol):
    """Text to speech. Implementations take keyword options only; construction is cheap, `load` may be slow."""

    def load(self) -> EngineInfo:
        """Load and warm up. Raises EngineMissingError, which says what to install or set."""

    def speak(self, sentence: str) -> Clip:
        """Synthesize one sentence at the voice's own rate.

        Calls never overlap, unless the table marks the voice as shared.
        """


def speaks_clauses(info: EngineInfo) -> bool:
    """Whether to synthesize the opening clause of a long first sentence separately (the voice's option `clauses`)."""
    return info.options.get("clauses") is True
