"""Entity recall, surface: expected entities that the transcript names as they are written."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    found = score.heard
    return None if found is None else {"found": found.found, "expected": found.expected}


FIGURE = Figure(
    name="entity_recall",
    title="entity recall, heard",
    short="recall",
    better="higher",
    group="entities",
    counts=_counts,
    value=Ratio("found", "expected"),
    detail="{part} of {of} entities",
    shown_in=("lead", "report", "list", "compare", "sweep", "plot"),
    by_class=True,
    ceiling="entity_recall_said",
)
