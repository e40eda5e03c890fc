"""Share of the caller's interruptions for which the agent stops speaking within 2 s."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.over_reply import yielded


def has_yielded(score: TurnScore) -> bool | None:
    """Whether the agent yielded; None without an interruption, or if its reply ended by itself."""
    over = score.turn.over_reply
    if over is None or over.kind != "interruption" or over.agent_stops_s is None:
        return None
    return yielded(over.agent_stops_s, over.by_itself)


def _counts(score: TurnScore) -> Counts | None:
    found = has_yielded(score)
    return None if found is None else {"yielded": int(found), "interruptions": 1}


FIGURE = Figure(
    name="yield_rate",
    title="interruptions that the agent yields to",
    short="yields",
    better="higher",
    group="latency",
    counts=_counts,
    value=Ratio("yielded", "interruptions"),
    detail="{part} of {of} interruptions",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
