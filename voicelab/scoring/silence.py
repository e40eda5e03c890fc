"""Samples in which nobody speaks: how many stayed empty, and how much was heard that nobody said."""

from __future__ import annotations

from collections.abc import Sequence

from voicelab.scoring.schema import SilenceSummary
from voicelab.scoring.turns import TurnScore


def silence_summary(scores: Sequence[TurnScore]) -> SilenceSummary | None:
    """The figures of the samples whose reference is empty; None where the set has none.

    A turn that failed before anything was recognized is counted as failed and says nothing about false speech.
    """
    silent = [score for score in scores if not score.turn.text.strip()]
    if not silent:
        return None
    scored = [score for score in silent if score.words is not None]
    false_words = sum(score.words.insertions for score in scored if score.words is not None)
    lengths = [score.turn.audio_s for score in scored]
    minutes = sum(length for length in lengths if length is not None) / 60
    known = bool(lengths) and None not in lengths and minutes > 0
    return SilenceSummary(
        n=len(scored),
        failed=len(silent) - len(scored),
        nothing_heard=sum(not score.turn.heard for score in scored),
        false_words=false_words,
        audio_s=60 * minutes if known else None,
        false_words_per_minute=false_words / minutes if known else None,
    )
