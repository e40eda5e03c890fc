"""Sentence error rate: turns with any word error."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    return None if score.words is None else {"wrong": int(score.words.errors > 0), "sentences": 1}


FIGURE = Figure(
    name="sentence_error_rate",
    title="sentences with any error",
    short="SER",
    better="lower",
    group="words",
    counts=_counts,
    value=Ratio("wrong", "sentences"),
)
