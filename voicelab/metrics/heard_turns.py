"""Counts over turns that were timed on their sound; rates are made of summed counts.

Timelines of whole conversations have the same figures by τ-voice's definitions in `turn_taking/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voicelab.metrics.response_timing import Span

YIELD_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """A turn that called for a reply. response_s: None where it was not timed. replied: whether a reply came at all."""

    response_s: float | None
    replied: bool
    talk_over_s: float = 0.0
    dead_air_s: float = 0.0


@dataclass(frozen=True, slots=True)
class TurnShare:
    """part of whole; the rate is None where nothing was counted."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        return self.part / self.whole if self.whole else None


def response_rate(turns: Iterable[HeardTurn], within_s: float) -> TurnShare:
    """Replies within the time allowed, over all turns that called for one.

    A reply that came and could not be timed is left out on both sides: it is neither in time nor late.
    """
    known = [turn for turn in turns if turn.response_s is not None or not turn.replied]
    return TurnShare(sum(turn.response_s is not None and turn.response_s <= within_s for turn in known), len(known))


def agent_interruptions(turns: Iterable[HeardTurn]) -> TurnShare:
    """Turns in which the agent began to speak before the caller had finished, over the timed ones."""
    timed = [turn.response_s for turn in turns if turn.response_s is not None]
    return TurnShare(sum(response_s < 0 for response_s in timed), len(timed))


def yield_latency_s(interrupted_at_s: float, agent: Sequence[Span], within_s: float = YIELD_WITHIN_S) -> float | None:
    """From the start of an interruption to the end of the agent's speech; None where it talks on for within_s.

    agent: spans of its speech. Raises ValueError where the agent is silent at that instant: nothing is interrupted.
    """
    speaking = next((end for start, end in agent if start <= interrupted_at_s < end), None)
    if speaking is None:
        raise ValueError(f"the agent does not speak at {interrupted_at_s:g} s")
    latency_s = speaking - interrupted_at_s
    return latency_s if latency_s < within_s else None
