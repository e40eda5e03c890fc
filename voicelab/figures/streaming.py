"""Partial transcripts: when they become right, and how much they change."""

from __future__ import annotations

from collections.abc import Callable

from voicelab.figures.figure import AnyFigure, Counts, Figure, Ratio, counting, p50_and_p95
from voicelab.figures.scored_turn import TurnScore


def _commit_s(score: TurnScore) -> float | None:
    """Return the time after which the turn's names remain correct."""
    return score.streaming.commit_s if score.timed and score.streaming is not None else None


def _errors_at(at_s: float) -> Callable[[TurnScore], Counts | None]:
    def counts(score: TurnScore) -> Counts | None:
        streaming = score.streaming
        errors = None if streaming is None else streaming.errors_at(at_s)
        if streaming is None or errors is None:
            return None
        return {"errors": errors, "reference": streaming.reference_words}

    return counts


FIGURES: tuple[AnyFigure, ...] = (
    *p50_and_p95(
        "entity_commit_s", "time until spoken names remain correct", "entity commit", _commit_s, ("report", "compare")
    ),
    # Words of partial transcripts that were changed or removed later, per word of the final transcripts.
    Figure(
        name="flicker",
        title="flicker of partial transcripts",
        short="flicker",
        better="lower",
        group="words",
        counts=counting("streaming", lambda one: {"revised": one.revised_words, "final": one.final_words}),
        value=Ratio("revised", "final", share=False),
        detail="{part} words revised, {of} final words",
        shown_in=("report", "compare"),
        only_with_evidence=True,
    ),
    # Of the last partial transcript before the end of the audio, minus that of the final one.
    Figure(
        name="streaming_wer_gap",
        title="word error rate, streaming minus whole clip",
        short="streaming WER gap",
        better="lower",
        group="words",
        counts=counting(
            "streaming", lambda one: {"more": one.partial_errors - one.final_errors, "reference": one.reference_words}
        ),
        value=Ratio("more", "reference", share=False),
        detail="{part} more errors in {of} reference words",
        shown_in=("report", "compare"),
        only_with_evidence=True,
    ),
    # The transcripts as they stood some time after the end of the caller's speech.
    *(
        Figure(
            name=f"wer_after_{1000 * at_s:.0f}ms",
            title=f"word error rate {at_s:g} s after the end of speech",
            short=f"WER after {at_s:g} s",
            better="lower",
            group="words",
            counts=_errors_at(at_s),
            value=Ratio("errors", "reference", share=False),
            detail="{part} errors in {of} reference words",
            shown_in=("compare",),
            only_with_evidence=True,
        )
        for at_s in (0.0, 0.5, 1.0)
    ),
)
