"""Character error rate."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    characters = score.characters
    if characters is None:
        return None
    return {"errors": characters.errors, "reference_characters": characters.reference_words}


FIGURE = Figure(
    name="cer",
    title="character error rate (CER)",
    short="CER",
    better="lower",
    group="words",
    counts=_counts,
    value=Ratio("errors", "reference_characters"),
    detail="{part} errors in {of} characters",
    shown_in=("lead", "report", "list"),
)
