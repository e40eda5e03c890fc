"""Entity recall, linked: expected companies that the reply names in any form."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    found = score.linked_answered
    return None if found is None else {"found": found.found, "expected": found.expected}


FIGURE = Figure(
    name="entity_recall_linked_answered",
    title="entity recall, linked, answered",
    short="linked ans.",
    better="higher",
    group="entities",
    counts=_counts,
    value=Ratio("found", "expected"),
    shown_in=("plot",),
    detail="{part} of {of} companies",
)
