"""Which requests get a reply, which replies can be timed as the caller hears them, and which ones begin too early."""

from __future__ import annotations

from collections.abc import Callable

from voicelab.figures.figure import Better, Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore
from voicelab.runs.conversation_recording import IN_A_BURST


def _replied(score: TurnScore) -> Counts | None:
    """Count a spoken request of a realtime run, which gets a reply within the time allowed or not.

    A reply that cannot be timed, and a failure that is not the agent's, count neither way.
    """
    turn = score.turn
    if not turn.text or turn.response_missing == IN_A_BURST:
        return None
    if turn.response_s is not None:
        return {"replied": 1, "requests": 1}
    is_agents = turn.response_missing is not None and turn.failure is not None and turn.failure.owner == "agent"
    return {"replied": 0, "requests": 1} if is_agents else None


def _timed(score: TurnScore) -> Counts | None:
    turn = score.turn
    if turn.status != "answered" or (turn.response_s is None and turn.response_missing in (None, IN_A_BURST)):
        return None
    return {"timed": int(turn.response_s is not None), "answered": 1}


def _early(score: TurnScore) -> Counts | None:
    """Count a timed turn, in which the agent may speak before the caller has finished (a negative response time)."""
    response_s = score.turn.response_s
    if score.turn.status != "answered" or response_s is None:
        return None
    return {"early": int(response_s < 0), "timed": 1}


def _figure(
    name: str,
    title: str,
    short: str,
    better: Better,
    counts: Callable[[TurnScore], Counts | None],
    value: Ratio,
    of: str,
) -> Figure:
    return Figure(
        name=name,
        title=title,
        short=short,
        better=better,
        group="latency",
        counts=counts,
        value=value,
        detail=f"{{part}} of {{of}} {of}",
        shown_in=("report", "compare"),
        only_with_evidence=True,
    )


FIGURES = (
    _figure(
        "response_rate", "requests that get a reply", "replied", "higher",
        _replied, Ratio("replied", "requests"), "requests",
    ),
    _figure(
        "response_timed", "turns with a response time", "timed", "higher",
        _timed, Ratio("timed", "answered"), "answered turns",
    ),
    _figure("early_answers", "early answers", "early", "lower", _early, Ratio("early", "timed"), "timed turns"),
)  # fmt: skip
