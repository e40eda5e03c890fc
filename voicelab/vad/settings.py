"""The settings that decide where utterances begin and end."""

from __future__ import annotations

from dataclasses import dataclass

from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.errors import InputError
from voicelab.vad.base import FRAME
from voicelab.vad.completeness import Completeness


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """speech_at, quiet_below: a frame of at least the one probability is speech, of less than the other silence;
    between them it is what the frame before was.
    onset_s: speech has to last so long before an utterance begins.
    padding_s: so much sound before its first speech belongs to an utterance.
    silence_s: an utterance whose words say nothing about more to come ends after so much silence.
    complete_factor, unfinished_factor: of silence_s, for words that look finished, or cannot be the end.
    short_s, short_factor: an utterance whose speech is shorter waits longer, unless its words look finished.
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
        for name in (
            "onset_s",
            "padding_s",
            "silence_s",
            "complete_factor",
            "unfinished_factor",
            "short_s",
            "short_factor",
        ):
            if not 0 <= getattr(self, name) <= 60:
                raise InputError(f"{name} must be 0 to 60, not {getattr(self, name)}")

    @property
    def lookback_s(self) -> float:
        """How much of the past has to be kept, so that an utterance can be taken from its start."""
        return self.padding_s + self.onset_s + 2 * FRAME / SPEECH_RATE_HZ

    def silence_needed_s(self, spoken_s: float, verdict: Completeness) -> float:
        """How much silence ends an utterance whose speech lasted spoken_s."""
        if verdict is Completeness.COMPLETE:
            return self.silence_s * self.complete_factor
        short = self.short_factor if spoken_s < self.short_s else 1.0
        unfinished = self.unfinished_factor if verdict is Completeness.UNFINISHED else 1.0
        return self.silence_s * max(short, unfinished)
