"""Entity recall, surface: expected entities that the session names up to its end."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    found = score.session
    return None if found is None else {"found": found.found, "expected": found.expected}


FIGURE = Figure(
    name="entity_recall_session",
    title="entity recall, session",
    short="recall ses.",
    better="higher",
    group="entities",
    counts=_counts,
    value=Ratio("found", "expected"),
    detail="{part} of {of} entities",
    shown_in=("report", "plot"),
)
