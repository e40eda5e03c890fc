"""What a voice is."""

from __future__ import annotations

from typing import Protocol

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo


class Voice(Protocol):
    """Text to sound. A class with keyword options only; cheap to build, heavy to load."""

    def load(self) -> EngineInfo:
        """Load and warm up; raises EngineMissingError with the way out."""

    def speak(self, sentence: str) -> Clip:
        """One sentence as sound, at the voice's own rate; calls never overlap."""


def speaks_clauses(info: EngineInfo) -> bool:
    """Whether the voice is given the opening clause of a long first sentence alone: its option `clauses` is on."""
    return info.options.get("clauses") is True
