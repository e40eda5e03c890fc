"""Entity recall, linked: expected companies that the transcript names in any form."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    found = score.linked_heard
    return None if found is None else {"found": found.found, "expected": found.expected}


FIGURE = Figure(
    name="entity_recall_linked",
    title="entity recall, linked, heard",
    short="companies",
    better="higher",
    group="entities",
    counts=_counts,
    value=Ratio("found", "expected"),
    detail="{part} of {of} companies",
    shown_in=("compare", "sweep", "plot"),
    by_class=True,
)
