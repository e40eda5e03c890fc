"""Scenario success: every turn got a reply, and the session names every entity that it is expected to name."""

from typing import Any

from voicelab.figures.figure import Counts, Figure, Ratio


def _counts(outcome: Any) -> Counts | None:
    """Count one scenario. outcome: its `scoring.schema.ScenarioOutcome`, whose success may be unknown."""
    return None if outcome.success is None else {"succeeded": int(outcome.success), "scenarios": 1}


FIGURE = Figure(
    name="scenario_success",
    title="scenarios succeeded",
    short="scenarios",
    better="higher",
    group="scenarios",
    over="scenarios",
    counts=_counts,
    value=Ratio("succeeded", "scenarios"),
    detail="{part} of {of} scenarios",
    shown_in=("lead", "report"),
)
