"""A caller who speaks over the reply: interruptions, which the agent should yield to, and sounds to talk through.

yield_s: the time from the start of an interruption until the agent is silent, if it yields within 2 s.
"""

from __future__ import annotations

from collections.abc import Callable

from voicelab.datasets.over_reply import OverReplyKind
from voicelab.figures.figure import AnyFigure, Counts, Figure, Ratio, p50_and_p95
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.over_reply import talked_through, yielded

_KINDS: dict[OverReplyKind, str] = {
    "backchannel": "backchannels",
    "vocal_tic": "coughs and fillers",
    "non_directed": "speech to others",
}


def _reacted(
    kinds: tuple[OverReplyKind, ...], reaction: Callable[[float, bool], bool | None], part: str, whole: str
) -> Callable[[TurnScore], Counts | None]:
    """Return a function that counts a reaction to sounds of these kinds; None if it is unknown."""

    def counts(score: TurnScore) -> Counts | None:
        over = score.turn.over_reply
        if over is None or over.kind not in kinds or over.agent_stops_s is None:
            return None
        found = reaction(over.agent_stops_s, over.by_itself)
        return None if found is None else {part: int(found), whole: 1}

    return counts


_yields = _reacted(("interruption",), yielded, "yielded", "interruptions")


def _yield_s(score: TurnScore) -> float | None:
    counts, over = _yields(score), score.turn.over_reply
    return over.agent_stops_s if over is not None and counts is not None and counts["yielded"] else None


def _selectivity(name: str, sounds: str, kinds: tuple[OverReplyKind, ...]) -> Figure:
    return Figure(
        name=name,
        title=f"{sounds} that the agent talks through",
        short=f"talks through {sounds}",
        better="higher",
        group="latency",
        counts=_reacted(kinds, talked_through, "talked_through", "sounds"),
        value=Ratio("talked_through", "sounds"),
        detail="{part} of {of}",
        shown_in=("report", "compare"),
        only_with_evidence=True,
    )


FIGURES: tuple[AnyFigure, ...] = (
    *p50_and_p95("yield_s", "time to yield to an interruption", "yield", _yield_s, ("report", "compare")),
    Figure(
        name="yield_rate",
        title="interruptions that the agent yields to",
        short="yields",
        better="higher",
        group="latency",
        counts=_yields,
        value=Ratio("yielded", "interruptions"),
        detail="{part} of {of} interruptions",
        shown_in=("report", "compare"),
        only_with_evidence=True,
    ),
    _selectivity("selectivity", "non-turn sounds", tuple(_KINDS)),
    *(_selectivity(f"selectivity_{kind}", sounds, (kind,)) for kind, sounds in _KINDS.items()),
)
