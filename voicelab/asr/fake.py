"""A test recognizer with a fixed result."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from voicelab.asr.base import Transcript
from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo


@dataclass(kw_only=True, eq=False, repr=False)
class FakeRecognizer:
    """Deterministic: returns `text` for any sound and nothing for silence.

    In `text`, `{duration_s}` is replaced by the duration of the audio in seconds. delay_s: processing time of `finish`
    in seconds.
    """

    text: str = "what is the price of apple"
    delay_s: float = 0.0

    def load(self) -> EngineInfo:
        return EngineInfo("asr", "fake", asdict(self), revision="1", licence="Apache-2.0")

    def stream(self) -> FakeStream:
        return FakeStream(self.text, self.delay_s)


class FakeStream:
    """Measures the audio it is fed."""

    def __init__(self, text: str, delay_s: float) -> None:
        self._text = text
        self._delay_s = delay_s
        self._duration_s = 0.0
        self._heard_sound = False

    def feed(self, clip: Clip) -> None:
        self._duration_s += clip.duration_s
        self._heard_sound = self._heard_sound or clip.sound_start_s() is not None

    def partial(self) -> str:
        return self._text.replace("{duration_s}", f"{self._duration_s:.2f}") if self._heard_sound else ""

    def finish(self) -> Transcript:
        time.sleep(self._delay_s)
        return Transcript(self.partial(), language="en", confidence=1.0)

    def close(self) -> None:
        """Do nothing; there are no resources."""
