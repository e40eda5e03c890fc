"""The interface of a recognizer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word with its start and end, in seconds from the beginning of the audio."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """A recognition result. text: empty without words; language: BCP 47 tag; confidence: 0..1 or None.

    emotion ("neutral", "happy", ...) and event ("speech", "laughter", ...): from recognizers that detect them. words:
    the words of text with their times; None from recognizers without word times.
    """

    text: str
    language: str | None = None
    confidence: float | None = None
    emotion: str | None = None
    event: str | None = None
    words: tuple[TimedWord, ...] | None = None


class RecognizerStream(Protocol):
    """One utterance in a recognizer."""

    def feed(self, clip: Clip) -> None:
        """Process the next piece of audio (at SPEECH_RATE_HZ), as far as possible."""

    def finish(self) -> Transcript:
        """Return the transcript of all audio fed. The stream cannot be used afterwards."""

    def close(self) -> None:
        """Release the stream's resources; also called on an unfinished stream."""


class Recognizer(Protocol):
    """Speech to text. Implementations take keyword options only; construction is cheap, `load` may be slow."""

    def load(self) -> EngineInfo:
        """Load and warm up. Raises EngineMissingError, which says what to install or set."""

    def stream(self) -> RecognizerStream:
        """Start an utterance. Several streams of one recognizer may be open at the same time.

        Calls never overlap, unless the table marks the engine as shared; then calls of different streams may overlap.
        """


@runtime_checkable
class BatchRecognizer(Protocol):
    """A recognizer with a faster method for many clips at once."""

    def transcribe(self, clips: Sequence[Clip]) -> list[Transcript]:
        """Transcribe each clip (at SPEECH_RATE_HZ), in order; results equal those of separate streams."""
