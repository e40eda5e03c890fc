"""Entity recall of the reference text, the maximum for any transcript: tickers are rarely spoken as written."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    found = score.said
    return None if found is None else {"found": found.found, "expected": found.expected}


FIGURE = Figure(
    name="entity_recall_said",
    title="entity recall, reference",
    short="recall ref.",
    better="higher",
    group="entities",
    counts=_counts,
    value=Ratio("found", "expected"),
    detail="{part} of {of} entities",
)
