"""Samples without speech: whether words were recognized in them."""

from __future__ import annotations

import math

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _is_silent(score: TurnScore) -> bool:
    return not score.turn.text.strip() and score.words is not None


def _nothing_heard(score: TurnScore) -> Counts | None:
    return {"nothing_heard": int(not score.turn.heard), "silent": 1} if _is_silent(score) else None


def _false_words(score: TurnScore) -> Counts | None:
    """Count one turn. A sample of unknown duration makes the sum of minutes, and thus the figure, unknown."""
    if score.words is None or not _is_silent(score):
        return None
    length_s = score.turn.audio_s
    return {"false_words": score.words.insertions, "minutes": math.nan if length_s is None else length_s / 60}


FIGURES = (
    Figure(
        name="silence_kept",
        title="samples without speech and with an empty transcript",
        short="silence",
        better="higher",
        group="silence",
        counts=_nothing_heard,
        value=Ratio("nothing_heard", "silent"),
        detail="{part} of {of} samples without speech",
        only_with_evidence=True,
        shown_in=("report",),
    ),
    Figure(
        name="false_speech_per_minute",
        title="false speech, words per minute",
        short="false/min",
        better="lower",
        unit="per minute",
        group="silence",
        counts=_false_words,
        value=Ratio("false_words", "minutes", share=False),
        detail="{part} words in {of} minutes without speech",
        only_with_evidence=True,
        shown_in=("report",),
    ),
)
