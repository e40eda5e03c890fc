"""Entity recall, linked: expected companies that the reply names in any form."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="entity_recall_linked_answered",
    title="entity recall, linked, answered",
    short="linked ans.",
    better="higher",
    group="entities",
    counts=counts_in("linked_answered", "found", "expected"),
    value=Ratio("found", "expected"),
    shown_in=("plot",),
    detail="{part} of {of} companies",
)
