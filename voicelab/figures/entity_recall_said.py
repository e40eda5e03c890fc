"""Entity recall of the reference text, the maximum for any transcript: tickers are rarely spoken as written."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="entity_recall_said",
    title="entity recall, reference",
    short="recall ref.",
    better="higher",
    group="entities",
    counts=counts_in("said", "found", "expected"),
    value=Ratio("found", "expected"),
    detail="{part} of {of} entities",
)
