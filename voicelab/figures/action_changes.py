"""Action changes: turns in which the agent does something else with the transcript than with the reference."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="action_changes",
    title="turns whose action changes",
    short="action",
    better="lower",
    group="actions",
    counts=counts_in("equivalence", "changed", "turns", "intent", "companies", "amounts", "changes", "calls"),
    value=Ratio("changed", "turns"),
    shown_in=("report",),
)
