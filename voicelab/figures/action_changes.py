"""Action changes: turns in which the agent does something else with the transcript than with the reference."""

from __future__ import annotations

from voicelab.figures.figure import Figure, Ratio, counting

_COUNTS = ("changed", "turns", "intent", "companies", "amounts", "changes", "calls")

FIGURE = Figure(
    name="action_changes",
    title="turns whose action changes",
    short="action",
    better="lower",
    group="actions",
    counts=counting("equivalence", lambda found: {name: getattr(found, name) for name in _COUNTS}),
    value=Ratio("changed", "turns"),
    shown_in=("report",),
)
