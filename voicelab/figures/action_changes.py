"""Action changes: turns in which the agent does something else with the transcript than with the reference."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    found = score.equivalence
    if found is None:
        return None
    return {
        "changed": found.changed,
        "turns": found.turns,
        "intent": found.intent,
        "companies": found.companies,
        "amounts": found.amounts,
        "changes": found.changes,
        "calls": found.calls,
    }


FIGURE = Figure(
    name="action_changes",
    title="turns whose action changes",
    short="action",
    better="lower",
    group="actions",
    counts=_counts,
    value=Ratio("changed", "turns"),
    shown_in=("report",),
)
