"""What an agent does when the caller speaks over its reply: it stops, or talks on.

The windows are τ-voice's (`turn_taking.events`). Times are in seconds on one clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.metrics.turn_taking.events import IGNORE_S, YIELD_S

Span = tuple[float, float]
"""Start and end in seconds."""

PAUSE_S = 0.5
"""A shorter pause does not end the agent's speech."""
_SENT_AHEAD_S = 0.5
_TOLERANCE_S = 0.1


@dataclass(frozen=True, slots=True)
class OverReplyTiming:
    """starts_s: when the caller began. agent_stops_s: seconds from then to the end of the agent's speech, or None with
    the reason. by_itself: the agent had sent all sound of that speech before, so its end is no reaction.
    """

    starts_s: float | None
    agent_stops_s: float | None = None
    by_itself: bool = False
    reason: str | None = None


def over_reply_timing(
    starts_s: float | None, agent: Sequence[Span], pending_until_s: float | None = None
) -> OverReplyTiming:
    """Find when the agent stops. agent: spans of its speech.

    pending_until_s: the end of the sound that had arrived when the caller began, if the agent took none of it back.
    """
    if starts_s is None:
        return OverReplyTiming(None, reason="no sound of the caller was found")
    ends_s = next((end for start, end in _without_pauses(agent) if start <= starts_s < end), None)
    if ends_s is None:
        return OverReplyTiming(starts_s, reason="the agent was silent when the caller began")
    sent_ahead = pending_until_s is not None and pending_until_s >= starts_s + _SENT_AHEAD_S
    by_itself = sent_ahead and pending_until_s is not None and ends_s <= pending_until_s + _TOLERANCE_S
    return OverReplyTiming(starts_s, ends_s - starts_s, by_itself)


def yielded(agent_stops_s: float, by_itself: bool) -> bool | None:
    """Whether the agent stopped for an interruption; None if its reply ended by itself."""
    if agent_stops_s >= YIELD_S:
        return False
    return None if by_itself else True


def talked_through(agent_stops_s: float, by_itself: bool) -> bool | None:
    """Whether the agent continued during a sound that is not a turn; None if its reply ended by itself."""
    if agent_stops_s > IGNORE_S:
        return True
    return None if by_itself else False


def _without_pauses(spans: Sequence[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in spans:
        if found and start - found[-1][1] < PAUSE_S:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
