"""Entity recall, linked: expected companies that the transcript names in any form."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="entity_recall_linked",
    title="entity recall, linked, heard",
    short="companies",
    better="higher",
    group="entities",
    counts=counts_in("linked_heard", "found", "expected"),
    value=Ratio("found", "expected"),
    detail="{part} of {of} companies",
    shown_in=("compare", "sweep", "plot"),
    by_class=True,
)
