"""Share of spoken requests of a realtime run that got a reply within the time allowed."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore
from voicelab.runs.conversation_recording import IN_A_BURST


def _counts(score: TurnScore) -> Counts | None:
    """A reply that cannot be timed, and a failure that is not the agent's, count neither way."""
    turn = score.turn
    if not turn.text or turn.response_missing == IN_A_BURST:
        return None
    if turn.response_s is not None:
        return {"replied": 1, "requests": 1}
    is_agents = turn.response_missing is not None and turn.failure is not None and turn.failure.owner == "agent"
    return {"replied": 0, "requests": 1} if is_agents else None


FIGURE = Figure(
    name="response_rate",
    title="requests that get a reply",
    short="replied",
    better="higher",
    group="latency",
    counts=_counts,
    value=Ratio("replied", "requests"),
    detail="{part} of {of} requests",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
