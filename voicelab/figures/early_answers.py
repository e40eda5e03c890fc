"""Share of timed turns in which the agent speaks before the caller has finished (a negative response time)."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    response_s = score.turn.response_s
    if score.turn.status != "answered" or response_s is None:
        return None
    return {"early": int(response_s < 0), "timed": 1}


FIGURE = Figure(
    name="early_answers",
    title="early answers",
    short="early",
    better="lower",
    group="latency",
    counts=_counts,
    value=Ratio("early", "timed"),
    detail="{part} of {of} timed turns",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
