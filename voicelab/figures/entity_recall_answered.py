"""Entity recall, surface: expected entities that the reply names as they are written."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="entity_recall_answered",
    title="entity recall, answered",
    short="recall ans.",
    better="higher",
    group="entities",
    counts=counts_in("answered", "found", "expected"),
    value=Ratio("found", "expected"),
    detail="{part} of {of} entities",
    shown_in=("report", "plot"),
)
