"""Share of answered turns whose response time, as the caller hears it, is known."""

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore
from voicelab.runs.conversation_recording import IN_A_BURST


def _counts(score: TurnScore) -> Counts | None:
    turn = score.turn
    if turn.status != "answered" or (turn.response_s is None and turn.response_missing in (None, IN_A_BURST)):
        return None
    return {"timed": int(turn.response_s is not None), "answered": 1}


FIGURE = Figure(
    name="response_timed",
    title="turns with a response time",
    short="timed",
    better="higher",
    group="latency",
    counts=_counts,
    value=Ratio("timed", "answered"),
    detail="{part} of {of} answered turns",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
