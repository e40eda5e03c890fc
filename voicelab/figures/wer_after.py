"""Word error rate of the transcripts as they stood some time after the end of the caller's speech."""

from collections.abc import Callable

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts_at(at_s: float) -> Callable[[TurnScore], Counts | None]:
    def counts(score: TurnScore) -> Counts | None:
        streaming = score.streaming
        errors = None if streaming is None else streaming.errors_at(at_s)
        if streaming is None or errors is None:
            return None
        return {"errors": errors, "reference": streaming.reference_words}

    return counts


FIGURES = tuple(
    Figure(
        name=f"wer_after_{1000 * at_s:.0f}ms",
        title=f"word error rate {at_s:g} s after the end of speech",
        short=f"WER after {at_s:g} s",
        better="lower",
        group="words",
        counts=_counts_at(at_s),
        value=Ratio("errors", "reference", share=False),
        detail="{part} errors in {of} reference words",
        shown_in=("compare",),
        only_with_evidence=True,
    )
    for at_s in (0.0, 0.5, 1.0)
)
