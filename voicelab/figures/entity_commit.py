"""Percentiles of the time after which a turn's names remain correct in the partial transcripts."""

from voicelab.figures.figure import Percentile
from voicelab.figures.scored_turn import TurnScore


def _sample(score: TurnScore) -> float | None:
    return score.streaming.commit_s if score.timed and score.streaming is not None else None


FIGURES = tuple(
    Percentile(
        name=f"entity_commit_s.{point}",
        title=f"time until spoken names remain correct, {point}",
        short=f"entity commit {point}",
        sample=_sample,
        quantile=quantile,
        shown_in=("report", "compare"),
        only_with_evidence=True,
    )
    for point, quantile in (("p50", 0.5), ("p95", 0.95))
)
