"""Share of the caller's non-turn sounds that the agent talks through: all, and by kind."""

from collections.abc import Callable

from voicelab.datasets.over_reply import OverReplyKind
from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.over_reply import talked_through

_KINDS: dict[OverReplyKind, str] = {
    "backchannel": "backchannels",
    "vocal_tic": "coughs and fillers",
    "non_directed": "speech to others",
}


def _counts_of(kinds: tuple[OverReplyKind, ...]) -> Callable[[TurnScore], Counts | None]:
    def counts(score: TurnScore) -> Counts | None:
        over = score.turn.over_reply
        if over is None or over.kind not in kinds or over.agent_stops_s is None:
            return None
        found = talked_through(over.agent_stops_s, over.by_itself)
        return None if found is None else {"talked_through": int(found), "sounds": 1}

    return counts


def _figure(name: str, sounds: str, kinds: tuple[OverReplyKind, ...]) -> Figure:
    return Figure(
        name=name,
        title=f"{sounds} that the agent talks through",
        short=f"talks through {sounds}",
        better="higher",
        group="latency",
        counts=_counts_of(kinds),
        value=Ratio("talked_through", "sounds"),
        detail="{part} of {of}",
        shown_in=("report", "compare"),
        only_with_evidence=True,
    )


FIGURES = (
    _figure("selectivity", "non-turn sounds", tuple(_KINDS)),
    *(_figure(f"selectivity_{kind}", sounds, (kind,)) for kind, sounds in _KINDS.items()),
)
