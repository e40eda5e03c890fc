"""Entity recall, surface: expected entities that the session names up to its end."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="entity_recall_session",
    title="entity recall, session",
    short="recall ses.",
    better="higher",
    group="entities",
    counts=counts_in("session", "found", "expected"),
    value=Ratio("found", "expected"),
    detail="{part} of {of} entities",
    shown_in=("report", "plot"),
)
