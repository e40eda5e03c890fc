"""Samples without speech in which, correctly, nothing was recognized."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    if score.turn.text.strip() or score.words is None:
        return None
    return {"nothing_heard": int(not score.turn.heard), "silent": 1}


FIGURE = Figure(
    name="silence_kept",
    title="samples without speech and with an empty transcript",
    short="silence",
    better="higher",
    group="silence",
    counts=_counts,
    value=Ratio("nothing_heard", "silent"),
    detail="{part} of {of} samples without speech",
    only_with_evidence=True,
    shown_in=("report",),
)
