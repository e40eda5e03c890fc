"""Base class for recognizers of whole utterances: the simplest way to write your own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voicelab.asr.base import Transcript
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.spec import EngineInfo


class WholeRecognizer:
    """Base class. Derive from it and implement `hear`; options are keyword arguments of the constructor.

    class Shouting(WholeRecognizer):
        def hear(self, clip):
            return my_model(clip.samples)  # float32, 16 kHz, mono
    """

    def load(self) -> EngineInfo | None:
        """Load and warm up. None lets voicelab describe the engine: its name, options and package version."""
        return None

    def hear(self, clip: Clip) -> Transcript | str:
        """Return the text of an utterance (SPEECH_RATE_HZ, mono); "" without speech."""
        raise NotImplementedError(f"{type(self).__qualname__} needs a method hear(self, clip)")

    def stream(self) -> WholeUtterance:
        """Start an utterance."""
        return WholeUtterance(self.hear)

    def transcribe(self, clips: Sequence[Clip]) -> list[Transcript]:
        """Return the text of each clip (SPEECH_RATE_HZ), in order."""
        return [as_transcript(self.hear(clip)) for clip in clips]


class WholeUtterance:
    """Collects the pieces of an utterance until its end. hear: transcribes the whole utterance."""

    def __init__(self, hear: Callable[[Clip], Transcript | str]) -> None:
        self._hear = hear
        self._clips: list[Clip] = []

    def feed(self, clip: Clip) -> None:
        self._clips.append(clip)

    def finish(self) -> Transcript:
        whole = Clip.join(self._clips) if self._clips else Clip.silence(0, SPEECH_RATE_HZ)
        return as_transcript(self._hear(whole))

    def close(self) -> None:
        self._clips = []


def as_transcript(heard: Transcript | str) -> Transcript:
    return Transcript(heard) if isinstance(heard, str) else heard
