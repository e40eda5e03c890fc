"""Seconds per turn in which both speak, and seconds of silence in gaps longer than 2 s."""

from __future__ import annotations

from collections.abc import Callable

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _talk_over_s(score: TurnScore) -> float | None:
    # Where the caller is to speak over the reply, the overlap is not the agent's.
    return score.turn.talk_over_s if score.turn.over_reply is None else None


def _figure(name: str, title: str, short: str, seconds: Callable[[TurnScore], float | None]) -> Figure:
    def counts(score: TurnScore) -> Counts | None:
        found_s = seconds(score)
        return None if found_s is None else {"seconds": found_s, "turns": 1}

    return Figure(
        name=name,
        title=title,
        short=short,
        better="lower",
        unit="s",
        group="latency",
        counts=counts,
        value=Ratio("seconds", "turns", share=False),
        detail="{part} s in {of} turns",
        shown_in=("report", "compare"),
        only_with_evidence=True,
    )


FIGURES = (
    _figure("talk_over", "both speak at once, per turn", "talk-over", _talk_over_s),
    _figure("dead_air", "silence in gaps longer than 2 s, per turn", "dead air", lambda score: score.turn.dead_air_s),
)
