"""Entity recall, linked: expected companies that the reply names in any form."""

from __future__ import annotations

from voicelab.figures.figure import Figure, Ratio, found_counts

FIGURE = Figure(
    name="entity_recall_linked_answered",
    title="entity recall, linked, answered",
    short="linked ans.",
    better="higher",
    group="entities",
    counts=found_counts(lambda score: score.linked_answered),
    value=Ratio("found", "expected"),
    shown_in=("plot",),
    detail="{part} of {of} companies",
)
