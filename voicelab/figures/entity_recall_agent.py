"""Recall of the companies that the agent recognizes."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    found = score.agent
    return None if found is None else {"found": found.found, "expected": found.expected}


FIGURE = Figure(
    name="entity_recall_agent",
    title="agent's companies, recall",
    short="agent recall",
    better="higher",
    group="entities",
    counts=_counts,
    value=Ratio("found", "expected"),
    shown_in=("plot",),
    detail="{part} of {of} companies",
    by_class=True,
)
