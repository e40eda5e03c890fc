"""Errors of words and characters, over the turns with a transcript."""

from __future__ import annotations

from typing import Any

from voicelab.figures.figure import Counts, Figure, Ratio, counting


def _word_counts(words: Any) -> Counts:
    return {
        "errors": words.errors,
        "reference_words": words.reference_words,
        "hits": words.hits,
        "substitutions": words.substitutions,
        "deletions": words.deletions,
        "insertions": words.insertions,
    }


def _information_lost(counts: Counts) -> float | None:
    """Return the value; 1 if nothing was recognized."""
    if not counts["reference_words"]:
        return None
    return 1 - counts["hits"] ** 2 / (counts["reference_words"] * max(counts["hypothesis_words"], 1))


FIGURES = (
    Figure(
        name="wer",
        title="word error rate (WER)",
        short="WER",
        better="lower",
        group="words",
        counts=counting("words", _word_counts),
        value=Ratio("errors", "reference_words"),
        detail="{part} errors in {of} words",
        shown_in=("lead", "report", "list", "compare", "sweep"),
    ),
    Figure(
        name="cer",
        title="character error rate (CER)",
        short="CER",
        better="lower",
        group="words",
        counts=counting("characters", lambda one: {"errors": one.errors, "reference_characters": one.reference_words}),
        value=Ratio("errors", "reference_characters"),
        detail="{part} errors in {of} characters",
        shown_in=("lead", "report", "list"),
    ),
    # Errors over all aligned positions.
    Figure(
        name="mer",
        title="match error rate (MER)",
        short="MER",
        better="lower",
        group="words",
        counts=counting("words", lambda words: {"errors": words.errors, "positions": words.hits + words.errors}),
        value=Ratio("errors", "positions"),
        detail="{part} errors in {of} positions",
    ),
    # Morris, Maier and Green 2004.
    Figure(
        name="wil",
        title="word information lost (WIL)",
        short="WIL",
        better="lower",
        group="words",
        counts=counting(
            "words",
            lambda words: {name: getattr(words, name) for name in ("hits", "reference_words", "hypothesis_words")},
        ),
        value=_information_lost,
        detail="{reference_words} reference words",
        least=0.0,
        most=1.0,
    ),
    Figure(
        name="sentence_error_rate",
        title="sentences with any error",
        short="SER",
        better="lower",
        group="words",
        counts=counting("words", lambda words: {"wrong": int(words.errors > 0), "sentences": 1}),
        value=Ratio("wrong", "sentences"),
    ),
)
