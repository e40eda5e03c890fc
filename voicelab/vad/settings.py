"""The settings of endpointing."""

from dataclasses import dataclass

from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.errors import InputError
from voicelab.vad.base import FRAME
from voicelab.vad.completeness import Completeness


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """Settings that decide where utterances start and end.

    speech_at, quiet_below: a frame with at least the first probability is speech, with less than the second silence;
    in between it is like the previous frame.
    onset_s: minimum duration of speech before an utterance starts.
    padding_s: duration of audio before the first speech that belongs to the utterance.
    silence_s: silence that ends an utterance if its words are neither complete nor unfinished.
    complete_factor, unfinished_factor: factors of silence_s for complete and for unfinished words.
    short_s, short_factor: factor for utterances with less speech than short_s, unless their words are complete.
    """

    speech_at: float = 0.5
    quiet_below: float = 0.35
    onset_s: float = 0.064
    padding_s: float = 0.3
    silence_s: float = 0.7
    complete_factor: float = 0.6
    unfinished_factor: float = 1.5
    short_s: float = 0.8
    short_factor: float = 1.4

    def __post_init__(self) -> None:
        if not 0 < self.quiet_below <= self.speech_at <= 1:
            raise InputError(f"0 < quiet_below <= speech_at <= 1, not {self.quiet_below} and {self.speech_at}")
        for name in "onset_s padding_s silence_s complete_factor unfinished_factor short_s short_factor".split():
            if not 0 <= getattr(self, name) <= 60:
                raise InputError(f"{name} must be 0 to 60, not {getattr(self, name)}")

    @property
    def lookback_s(self) -> float:
        """Seconds of past audio to buffer, so that an utterance can be read from its start."""
        return self.padding_s + self.onset_s + 2 * FRAME / SPEECH_RATE_HZ

    def silence_needed_s(self, spoken_s: float, verdict: Completeness) -> float:
        """Return the silence in seconds that ends an utterance with spoken_s of speech."""
        if verdict is Completeness.COMPLETE:
            return self.silence_s * self.complete_factor
        short = self.short_factor if spoken_s < self.short_s else 1.0
        unfinished = self.unfinished_factor if verdict is Completeness.UNFINISHED else 1.0
        return self.silence_s * max(short, unfinished)
