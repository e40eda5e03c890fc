"""Intent accuracy, over the turns whose sample states an intent."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    right = score.intent_right
    return None if right is None else {"right": int(right), "turns": 1}


FIGURE = Figure(
    name="intent_accuracy",
    title="intent accuracy",
    short="intent",
    better="higher",
    group="intents",
    counts=_counts,
    value=Ratio("right", "turns"),
    shown_in=("report", "compare", "sweep"),
)
