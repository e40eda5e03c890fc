"""Precision of the companies that the agent recognizes."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    agent = score.agent
    return None if agent is None else {"found": agent.found, "claimed": agent.found + agent.unexpected}


FIGURE = Figure(
    name="entity_precision",
    title="agent's companies, precision",
    short="precision",
    better="higher",
    group="entities",
    counts=_counts,
    value=Ratio("found", "claimed"),
    detail="{part} of {of} companies",
    by_class=True,
)
