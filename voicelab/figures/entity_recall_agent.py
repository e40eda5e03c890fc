"""Recall of the companies that the agent recognizes."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="entity_recall_agent",
    title="agent's companies, recall",
    short="agent recall",
    better="higher",
    group="entities",
    counts=counts_in("agent", "found", "expected"),
    value=Ratio("found", "expected"),
    shown_in=("plot",),
    detail="{part} of {of} companies",
    by_class=True,
)
