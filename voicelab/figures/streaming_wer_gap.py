"""Word error rate of the last partial transcript before the end of the audio, minus that of the final one."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    streaming = score.streaming
    if streaming is None:
        return None
    more = streaming.partial_errors - streaming.final_errors
    return {"more": more, "reference": streaming.reference_words}


FIGURE = Figure(
    name="streaming_wer_gap",
    title="word error rate, streaming minus whole clip",
    short="streaming WER gap",
    better="lower",
    group="words",
    counts=_counts,
    value=Ratio("more", "reference", share=False),
    detail="{part} more errors in {of} reference words",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
