"""A recognizer that hears what it is told to hear."""

from __future__ import annotations

from voicelab.asr.base import Transcript
from voicelab.clip import Clip
from voicelab.engines import EngineInfo


class FakeRecognizer:
    """Deterministic: `text` for any sound, nothing for silence.

    In `text`, `{duration_s}` stands for the seconds of sound it was given.
    """

    def __init__(self, *, text: str = "what is the price of apple") -> None:
        self._text = text

    def load(self) -> EngineInfo:
        return EngineInfo("asr", "fake", {"text": self._text}, revision="1", licence="Apache-2.0")

    def stream(self) -> FakeStream:
        return FakeStream(self._text)


class FakeStream:
    """Counts what it is fed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._duration_s = 0.0
        self._heard_sound = False

    def feed(self, clip: Clip) -> None:
        self._duration_s += clip.duration_s
        self._heard_sound = self._heard_sound or clip.sound_start_s() is not None

    def finish(self) -> Transcript:
        text = self._text.replace("{duration_s}", f"{self._duration_s:.2f}")
        return Transcript(text if self._heard_sound else "", language="en", confidence=1.0)

    def close(self) -> None:
        """Holds nothing."""
