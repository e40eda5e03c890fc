"""A test voice that produces a tone."""

import time
from dataclasses import asdict, dataclass

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo

_RATE_HZ = 24_000


@dataclass(kw_only=True, eq=False, repr=False)
class FakeVoice:
    """A deterministic tone of `tone_hz`, as long as the text takes at `words_per_s`.

    delay_s: processing time per sentence in seconds. clauses: split a long first sentence like Piper.
    """

    tone_hz: float = 440.0
    words_per_s: float = 3.0
    delay_s: float = 0.0
    clauses: bool = False

    def load(self) -> EngineInfo:
        return EngineInfo("tts", "fake", asdict(self), revision="1", licence="Apache-2.0")

    def speak(self, sentence: str) -> Clip:
        time.sleep(self.delay_s)
        duration_s = max(1, len(sentence.split())) / self.words_per_s
        instants = np.arange(round(duration_s * _RATE_HZ)) / _RATE_HZ
        return Clip((0.2 * np.sin(2 * np.pi * self.tone_hz * instants)).astype(np.float32), _RATE_HZ)
