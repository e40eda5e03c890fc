"""What a recognizer is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word and when it was said, in seconds from the beginning of the sound."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard. text is empty when nothing was; language is a BCP 47 tag; confidence is 0..1, where known.

    emotion ("neutral", "happy", ...) and event ("speech", "laughter", ...): where the recognizer tells them.
    words: the words of text with their times; None from recognizers that report none.
    """

    text: str
    language: str | None = None
    confidence: float | None = None
    emotion: str | None = None
    event: str | None = None
    words: tuple[TimedWord, ...] | None = None


class RecognizerStream(Protocol):
    """One utterance on its way through a recognizer."""

    def feed(self, clip: Clip) -> None:
        """Take the next piece of sound (SPEECH_RATE_HZ) and do what work can be done with it."""

    def finish(self) -> Transcript:
        """The text of all that was fed. The stream is used up."""

    def close(self) -> None:
        """Give up what the stream holds; also called on a stream that never finished."""


class Recognizer(Protocol):
    """Sound to text. A class with keyword options only; cheap to build, heavy to load."""

    def load(self) -> EngineInfo:
        """Load and warm up; raises EngineMissingError with the way out."""

    def stream(self) -> RecognizerStream:
        """Begin an utterance. Streams of one recognizer may be open side by side.

        Calls never overlap, unless the table calls it shared: then those of several streams do, never those of one.
        """


@runtime_checkable
class BatchRecognizer(Protocol):
    """A recognizer that is faster with many clips at once than with one after the other."""

    def transcribe(self, clips: Sequence[Clip]) -> list[Transcript]:
        """The text of each clip (SPEECH_RATE_HZ), in their order; the same as each one alone through a stream."""
