"""False speech: words recognized in samples without speech, per minute of their audio."""

import math

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    """Count one turn. A sample of unknown duration makes the sum of minutes, and thus the figure, unknown."""
    if score.turn.text.strip() or score.words is None:
        return None
    length_s = score.turn.audio_s
    return {"false_words": score.words.insertions, "minutes": math.nan if length_s is None else length_s / 60}


FIGURE = Figure(
    name="false_speech_per_minute",
    title="false speech, words per minute",
    short="false/min",
    better="lower",
    unit="per minute",
    group="silence",
    counts=_counts,
    value=Ratio("false_words", "minutes", share=False),
    detail="{part} words in {of} minutes without speech",
    only_with_evidence=True,
    shown_in=("report",),
)
