"""Scenario success: every turn got a reply, and the session names every entity that it is expected to name."""

from __future__ import annotations

from typing import Protocol

from voicelab.figures.figure import Counts, Figure, Ratio


class CountedScenario(Protocol):
    """The outcome of a scenario; success is None if unknown."""

    @property
    def success(self) -> bool | None: ...


def _counts(outcome: CountedScenario) -> Counts | None:
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
