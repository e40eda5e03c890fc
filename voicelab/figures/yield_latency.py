"""Percentiles of the time from the start of an interruption until the agent is silent, if it yields within 2 s."""

from voicelab.figures.figure import Percentile
from voicelab.figures.scored_turn import TurnScore
from voicelab.figures.yield_rate import has_yielded


def _sample(score: TurnScore) -> float | None:
    over = score.turn.over_reply
    return over.agent_stops_s if over is not None and has_yielded(score) else None


FIGURES = tuple(
    Percentile(
        name=f"yield_s.{point}",
        title=f"time to yield to an interruption, {point}",
        short=f"yield {point}",
        sample=_sample,
        quantile=quantile,
        shown_in=("report", "compare"),
        only_with_evidence=True,
    )
    for point, quantile in (("p50", 0.5), ("p95", 0.95))
)
