"""A conversation as ticks of equal length, with the active speakers and the kind of the caller's sounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

TICK_S = 0.2
"""Length of a tick in τ-voice, in seconds."""

EffectKind = Literal["vocal_tic", "non_directed"]
"""Kinds of caller sounds that are not turns: coughs or fillers (vocal_tic), or speech to others (non_directed)."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A caller sound that requires no reply. text: its words, which distinguish two sounds."""

    kind: EffectKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """caller, agent: whether each speaks. backchannel: the caller's speech that starts here is a backchannel."""

    caller: bool = False
    agent: bool = False
    backchannel: bool = False
    effects: frozenset[Effect] = frozenset()


@dataclass(frozen=True, slots=True)
class Segment:
    """Speech of one side, from the tick `start` to `end` (exclusive).

    over_other: the other side spoke at its start. other_at_end: the other side spoke in the first tick after it.
    """

    start: int
    end: int
    over_other: bool
    other_at_end: bool
    backchannel: bool = False
    effects: frozenset[Effect] = frozenset()


@dataclass(frozen=True, slots=True)
class LooseEffect:
    """A caller sound outside the caller's speech, from the tick `start` to `end` (exclusive)."""

    kind: EffectKind
    start: int
    end: int


def without_stop_tick(ticks: Sequence[Tick]) -> Sequence[Tick]:
    """Drop a last tick in which the caller only starts to speak; τ-voice's callers end a call this way."""
    if len(ticks) >= 2 and ticks[-1].caller and not ticks[-2].caller:
        return ticks[:-1]
    return ticks


def caller_segments(ticks: Sequence[Tick]) -> list[Segment]:
    """Return the caller's speech segments, with the effects of all their ticks."""
    return [
        Segment(
            start,
            end,
            over_other=ticks[start].agent,
            other_at_end=end < len(ticks) and ticks[end].agent,
            backchannel=ticks[start].backchannel,
            effects=frozenset().union(*(tick.effects for tick in ticks[start:end])),
        )
        for start, end in _runs([tick.caller for tick in ticks])
    ]


def agent_segments(ticks: Sequence[Tick]) -> list[Segment]:
    """Return the agent's speech segments."""
    return [
        Segment(start, end, over_other=ticks[start].caller, other_at_end=end < len(ticks) and ticks[end].caller)
        for start, end in _runs([tick.agent for tick in ticks])
    ]


def loose_effects(ticks: Sequence[Tick]) -> list[LooseEffect]:
    """Return effects in ticks without caller speech; consecutive ticks with the same effect are one."""
    found = []
    for effect in {effect for tick in ticks for effect in tick.effects}:
        sounding = [not tick.caller and effect in tick.effects for tick in ticks]
        found += [LooseEffect(effect.kind, start, end) for start, end in _runs(sounding)]
    return sorted(found, key=lambda sound: (sound.start, sound.kind))


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Return start and end (exclusive) of each run of True."""
    runs = [list(places) for flag, places in groupby(range(len(flags)), flags.__getitem__) if flag]
    return [(places[0], places[-1] + 1) for places in runs]
