"""Words of partial transcripts that were changed or removed later, per word of the final transcripts."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="flicker",
    title="flicker of partial transcripts",
    short="flicker",
    better="lower",
    group="words",
    counts=counts_in("streaming", "revised_words", "final_words"),
    value=Ratio("revised_words", "final_words", share=False),
    detail="{part} words revised, {of} final words",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
