"""Words of partial transcripts that were changed or removed later, per word of the final transcripts."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    streaming = score.streaming
    if streaming is None:
        return None
    return {"revised": streaming.revised_words, "final": streaming.final_words}


FIGURE = Figure(
    name="flicker",
    title="flicker of partial transcripts",
    short="flicker",
    better="lower",
    group="words",
    counts=_counts,
    value=Ratio("revised", "final", share=False),
    detail="{part} words revised, {of} final words",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
