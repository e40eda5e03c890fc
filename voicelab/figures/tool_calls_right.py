"""Share of the expected tool calls that the agent makes with the expected arguments."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    calls = score.tool_calls
    return None if calls is None else {"right": calls.right, "expected": calls.expected}


FIGURE = Figure(
    name="tool_calls_right",
    title="tool calls right",
    short="calls right",
    better="higher",
    group="tools",
    counts=_counts,
    value=Ratio("right", "expected"),
    detail="{part} of {of} expected calls",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
