"""The behaviours of the known-answer agent, and the expected measurements."""

from __future__ import annotations

from dataclasses import dataclass

TRAILING_S = (0.0, 0.5, 2.0)
"""Silence at the end of the caller's recordings, in seconds. It must not change any figure."""
PIECE_S = 0.2
"""Duration of the audio in one message of the agent, in seconds."""


@dataclass(frozen=True)
class Behaviour:
    """The behaviour of the agent; times in seconds.

    delay_s: from the end of the caller's speech to the first message with sound. leading_s: silence at the start of
    that sound. talks_over_at_s: it starts to speak this long after the caller did. stops_after_s: it stops this long
    after an interruption began. drops_after_s: it closes the connection after this much of its sound. stutter_s: pause
    in the middle of its sound. pace: seconds of sound per second. repeats: sends each event that is not sound twice.
    never_ends: sends no end of the reply. long: the reply lasts several seconds.
    """

    delay_s: float = 0.5
    leading_s: float = 0.0
    talks_over_at_s: float | None = None
    stops_after_s: float | None = None
    drops_after_s: float | None = None
    stutter_s: float = 0.0
    pace: float | None = None
    repeats: bool = False
    never_ends: bool = False

    @property
    def long(self) -> bool:
        return self.stops_after_s is not None


BEHAVIOURS = {
    "delay": Behaviour(delay_s=0.4),
    "delay and silence": Behaviour(delay_s=0.8, leading_s=0.25),
    "talks over": Behaviour(talks_over_at_s=0.6),
    "stops": Behaviour(stops_after_s=0.3),
    "drops": Behaviour(drops_after_s=0.4),
    "stutters": Behaviour(stutter_s=2.5),
    "slow": Behaviour(pace=0.5),
    "repeats": Behaviour(repeats=True),
    "never ends": Behaviour(never_ends=True),
}
