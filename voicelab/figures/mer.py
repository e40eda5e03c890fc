"""Match error rate: errors over all aligned positions."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    words = score.words
    return None if words is None else {"errors": words.errors, "positions": words.hits + words.errors}


FIGURE = Figure(
    name="mer",
    title="match error rate (MER)",
    short="MER",
    better="lower",
    group="words",
    counts=_counts,
    value=Ratio("errors", "positions"),
    detail="{part} errors in {of} positions",
)
