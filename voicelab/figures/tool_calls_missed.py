"""Share of the expected tool calls whose tool the agent does not call."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    calls = score.tool_calls
    return None if calls is None else {"missed": calls.missed, "expected": calls.expected}


FIGURE = Figure(
    name="tool_calls_missed",
    title="tool calls missed",
    short="calls missed",
    better="lower",
    group="tools",
    counts=_counts,
    value=Ratio("missed", "expected"),
    detail="{part} of {of} expected calls",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
