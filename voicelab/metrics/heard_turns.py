"""Counts over turns timed on their audio. Rates are computed from summed counts.

`turn_taking/` computes the corresponding figures for timelines of whole conversations, by τ-voice's definitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voicelab.metrics.response_timing import Span

YIELD_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """A turn that requires a reply. response_s: None if not timed. replied: whether there was a reply."""

    response_s: float | None
    replied: bool
    talk_over_s: float = 0.0
    dead_air_s: float = 0.0


@dataclass(frozen=True, slots=True)
class TurnShare:
    """part out of whole; the rate is None when whole is 0."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        return self.part / self.whole if self.whole else None


def response_rate(turns: Iterable[HeardTurn], within_s: float) -> TurnShare:
    """Replies within within_s seconds / turns that require one.

    A reply that could not be timed is excluded from numerator and denominator.
    """
    known = [turn for turn in turns if turn.response_s is not None or not turn.replied]
    return TurnShare(sum(turn.response_s is not None and turn.response_s <= within_s for turn in known), len(known))


def agent_interruptions(turns: Iterable[HeardTurn]) -> TurnShare:
    """Turns in which the agent spoke before the caller finished / timed turns."""
    timed = [turn.response_s for turn in turns if turn.response_s is not None]
    return TurnShare(sum(response_s < 0 for response_s in timed), len(timed))


def yield_latency_s(interrupted_at_s: float, agent: Sequence[Span], within_s: float = YIELD_WITHIN_S) -> float | None:
    """Return the seconds from an interruption to the end of the agent's speech; None if it continues for within_s.

    agent: spans of its speech. Raises ValueError if the agent is silent at the time of the interruption.
    """
    speaking = next((end for start, end in agent if start <= interrupted_at_s < end), None)
    if speaking is None:
        raise ValueError(f"the agent is silent at {interrupted_at_s:g} s")
    latency_s = speaking - interrupted_at_s
    return latency_s if latency_s < within_s else None
