"""Percentiles of a language model's time to first token, over answered turns that are not cold."""

from voicelab.figures.figure import Percentile
from voicelab.figures.scored_turn import TurnScore


def _sample(score: TurnScore) -> float | None:
    usage = score.turn.usage
    return usage.first_token_s if score.timed and usage is not None else None


FIGURES = tuple(
    Percentile(
        name=f"first_token_s.{point}",
        title=f"first token of the language model, {point}",
        short=f"first token {point}",
        sample=_sample,
        quantile=quantile,
        shown_in=("report",),
        only_with_evidence=True,
    )
    for point, quantile in (("p50", 0.5), ("p95", 0.95))
)
