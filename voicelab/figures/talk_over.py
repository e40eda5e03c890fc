"""Seconds in which both speak, per turn."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    turn, value = score.turn, score.turn.talk_over_s
    # Where the caller is to speak over the reply, the overlap is not the agent's.
    if value is None or turn.over_reply is not None:
        return None
    return {"seconds": value, "turns": 1}


FIGURE = Figure(
    name="talk_over",
    title="both speak at once, per turn",
    short="talk-over",
    better="lower",
    unit="s",
    group="latency",
    counts=_counts,
    value=Ratio("seconds", "turns", share=False),
    detail="{part} s in {of} turns",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
