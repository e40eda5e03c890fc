"""Share of the agent's tool calls that belong to no expected call."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    calls = score.tool_calls
    return None if calls is None else {"extra": calls.extra, "made": calls.made}


FIGURE = Figure(
    name="tool_calls_extra",
    title="unexpected tool calls",
    short="calls extra",
    better="lower",
    group="tools",
    counts=_counts,
    value=Ratio("extra", "made"),
    detail="{part} of {of} calls",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
