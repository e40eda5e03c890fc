"""Entity recall, surface: expected entities that the transcript names as they are written."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="entity_recall",
    title="entity recall, heard",
    short="recall",
    better="higher",
    group="entities",
    counts=counts_in("heard", "found", "expected"),
    value=Ratio("found", "expected"),
    detail="{part} of {of} entities",
    shown_in=("lead", "report", "list", "compare", "sweep", "plot"),
    by_class=True,
    ceiling="entity_recall_said",
)
