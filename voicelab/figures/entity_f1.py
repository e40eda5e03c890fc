"""F1 of the companies that the agent recognizes: 2 found / (expected + claimed)."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    agent = score.agent
    if agent is None:
        return None
    return {"found_twice": 2 * agent.found, "both": agent.expected + agent.found + agent.unexpected}


FIGURE = Figure(
    name="entity_f1",
    title="agent's companies, F1",
    short="F1",
    better="higher",
    group="entities",
    counts=_counts,
    value=Ratio("found_twice", "both"),
    detail="{part} of {of} expected and claimed companies",
    shown_in=("report",),
    by_class=True,
)
