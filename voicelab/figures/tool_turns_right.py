"""Share of turns in which every expected tool call is made with the right arguments, and no other call."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    calls = score.tool_calls
    return None if calls is None else {"turns_right": calls.turns_right, "turns": calls.turns}


FIGURE = Figure(
    name="tool_turns_right",
    title="turns with the right tool calls",
    short="tools right",
    better="higher",
    group="tools",
    counts=_counts,
    value=Ratio("turns_right", "turns"),
    detail="{part} of {of} turns",
    shown_in=("report", "compare", "lead"),
    only_with_evidence=True,
)
