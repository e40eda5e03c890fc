"""A recognizer, an agent, a voice, a normalizer and conditions that are not in voicelab's tables."""

import numpy as np

from voicelab import Clip
from voicelab.agent.base import Reply
from voicelab.asr.whole import WholeRecognizer
from voicelab.text import Normalizer
from voicelab.tts.fake import FakeVoice

FIRST_WORD = Normalizer("first_word", "1", lambda text: text.lower().split(" ")[0])


class Parrot(WholeRecognizer):
    """Returns `text` for any audio."""

    def __init__(self, *, text: str = "what is the price of apple", times: int = 1) -> None:
        self.text = " ".join([text] * times)

    def hear(self, clip):
        return self.text if clip.sound_start_s() is not None else ""


class Terse:
    """Answers with one word."""

    def respond(self, heard, dialogue):
        return Reply("Yes.", "other")


class Hum(FakeVoice):
    """A voice with another name."""


class Nothing:
    """Not an engine."""


class Quieter:
    """A condition that multiplies every sample by `factor`."""

    def __init__(self, *, factor: float = 0.5) -> None:
        self.factor = factor

    def degrade(self, clip, random):
        return Clip(clip.samples * np.float32(self.factor), clip.rate_hz)


class Shuffled:
    """A condition that uses randomness."""

    def degrade(self, clip, random):
        return Clip(random.permutation(clip.samples).astype(np.float32), clip.rate_hz)


class Wordy:
    """A condition that does not return a Clip."""

    def degrade(self, clip, random):
        return "a sound"
