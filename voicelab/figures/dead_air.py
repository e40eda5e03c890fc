"""Seconds of silence in gaps longer than 2 s, per turn."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    value = score.turn.dead_air_s
    if value is None:
        return None
    return {"seconds": value, "turns": 1}


FIGURE = Figure(
    name="dead_air",
    title="silence in gaps longer than 2 s, per turn",
    short="dead air",
    better="lower",
    unit="s",
    group="latency",
    counts=_counts,
    value=Ratio("seconds", "turns", share=False),
    detail="{part} s in {of} turns",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
