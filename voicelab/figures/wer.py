"""Word error rate."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    words = score.words
    if words is None:
        return None
    return {
        "errors": words.errors,
        "reference_words": words.reference_words,
        "hits": words.hits,
        "substitutions": words.substitutions,
        "deletions": words.deletions,
        "insertions": words.insertions,
    }


FIGURE = Figure(
    name="wer",
    title="word error rate (WER)",
    short="WER",
    better="lower",
    group="words",
    counts=_counts,
    value=Ratio("errors", "reference_words"),
    detail="{part} errors in {of} words",
    shown_in=("lead", "report", "list", "compare", "sweep"),
)
