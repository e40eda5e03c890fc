"""Response time as the caller hears it: from the end of the caller's speech to the start of the agent's.

All times are in seconds on one clock. A speech boundary is accepted when two detectors agree on it within TOLERANCE_S;
the more precise one gives its time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voicelab.metrics.over_reply import OverReplyTiming, Span

TOLERANCE_S = 0.1
"""Maximum disagreement of two detectors about a boundary, in seconds."""
DEAD_AIR_S = 2.0
"""A longer gap counts as dead air, in seconds."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A time in seconds, or the reason why it is missing."""

    at_s: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseTiming:
    """The timing of one turn as heard.

    speech_end_s, reply_start_s: on the clock of the spans. response_s: their difference, negative if the agent started
    early. reason: why it is missing. talk_over_s: duration of simultaneous speech. dead_air_s: total of gaps longer
    than 2 s. over_reply: None unless the caller spoke over the reply.
    """

    speech_end_s: float | None
    reply_start_s: float | None
    response_s: float | None
    reason: str | None
    talk_over_s: float
    dead_air_s: float
    over_reply: OverReplyTiming | None = None


def agreed_start(trusted: Sequence[Span], fine: Sequence[Span]) -> Edge:
    """Return the start of speech. trusted: spans from the speech detector; fine: spans with precise boundaries."""
    return _agreed([start for start, _ in trusted][:1], [start for start, _ in fine], "start")


def agreed_end(trusted: Sequence[Span], fine: Sequence[Span]) -> Edge:
    """Return the end of speech; see `agreed_start`."""
    return _agreed([end for _, end in trusted][-1:], [end for _, end in fine], "end")


def _agreed(trusted: list[float], fine: list[float], edge: str) -> Edge:
    if not (trusted or fine):
        return Edge(None, "neither detector found speech")
    if not (trusted and fine):
        return Edge(None, "only one of the two detectors found speech")
    nearest = min(fine, key=lambda instant: abs(instant - trusted[0]))
    apart_s = abs(nearest - trusted[0])
    if apart_s > TOLERANCE_S:
        return Edge(None, f"the detectors differ by {apart_s * 1000:.0f} ms about the {edge} of speech")
    return Edge(nearest)


def refined(trusted: Sequence[Span], fine: Sequence[Span]) -> list[Span]:
    """Return the trusted spans with each boundary moved to the nearest precise one within TOLERANCE_S."""
    return [
        (_nearest(start, [one for one, _ in fine]), _nearest(end, [one for _, one in fine])) for start, end in trusted
    ]


def _nearest(at_s: float, candidates: Sequence[float]) -> float:
    found = min(candidates, key=lambda instant: abs(instant - at_s), default=at_s)
    return found if abs(found - at_s) <= TOLERANCE_S else at_s


def response_timing(
    speech_end: Edge, reply_start: Edge, *, caller: Sequence[Span], agent: Sequence[Span]
) -> ResponseTiming:
    """Compute the timing of one turn. caller, agent: spans of speech on the same clock."""
    response_s = reason = None
    if speech_end.at_s is None:
        reason = f"caller: {speech_end.reason}"
    elif reply_start.at_s is None:
        reason = f"agent: {reply_start.reason}"
    else:
        response_s = reply_start.at_s - speech_end.at_s
    return ResponseTiming(
        speech_end.at_s, reply_start.at_s, response_s, reason, talk_over_s(caller, agent), dead_air_s([*caller, *agent])
    )


def talk_over_s(caller: Iterable[Span], agent: Iterable[Span]) -> float:
    """Return the duration of simultaneous speech in seconds."""
    theirs = list(agent)
    return sum(max(0.0, min(end, other[1]) - max(start, other[0])) for start, end in caller for other in theirs)


def dead_air_s(spans: Iterable[Span]) -> float:
    """Return the total seconds of gaps longer than DEAD_AIR_S, between the first and the last speech."""
    total, until = 0.0, None
    for start, end in sorted(spans):
        if until is not None and start - until > DEAD_AIR_S:
            total += start - until
        until = end if until is None else max(until, end)
    return total
