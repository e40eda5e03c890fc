"""A conversation as ticks of equal length: who speaks in each, and what kind of sound the caller makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

TICK_S = 0.2
"""The length of a tick in τ-voice."""

EffectKind = Literal["vocal_tic", "non_directed"]
"""What the caller's sound is besides a turn: a cough, an "um" (vocal_tic), or speech to others (non_directed)."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A sound of the caller that calls for no reply. text: what is said, which tells two of them apart."""

    kind: EffectKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """caller, agent: whether each speaks. backchannel: the caller's speech that begins here is a backchannel."""

    caller: bool = False
    agent: bool = False
    backchannel: bool = False
    effects: frozenset[Effect] = frozenset()


@dataclass(frozen=True, slots=True)
class Segment:
    """Speech of one side, from the tick `start` up to, not including, the tick `end`.

    over_other: the other side spoke when it started. other_at_end: the other side spoke in the first tick after it.
    """

    start: int
    end: int
    over_other: bool
    other_at_end: bool
    backchannel: bool = False
    effects: frozenset[Effect] = frozenset()


@dataclass(frozen=True, slots=True)
class LooseEffect:
    """A sound of the caller outside their speech, from the tick `start` up to, not including, `end`."""

    kind: EffectKind
    start: int
    end: int


def without_stop_tick(ticks: Sequence[Tick]) -> Sequence[Tick]:
    """The ticks without a last one in which the caller only starts to speak: τ-voice's callers end a call like that."""
    if len(ticks) >= 2 and ticks[-1].caller and not ticks[-2].caller:
        return ticks[:-1]
    return ticks


def caller_segments(ticks: Sequence[Tick]) -> list[Segment]:
    """The caller's speech. A segment has the effects of all its ticks."""
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
    """The agent's speech."""
    return [
        Segment(start, end, over_other=ticks[start].caller, other_at_end=end < len(ticks) and ticks[end].caller)
        for start, end in _runs([tick.agent for tick in ticks])
    ]


def loose_effects(ticks: Sequence[Tick]) -> list[LooseEffect]:
    """Effects in ticks in which the caller does not speak; one that goes on over several ticks is one."""
    found = []
    for effect in {effect for tick in ticks for effect in tick.effects}:
        sounding = [not tick.caller and effect in tick.effects for tick in ticks]
        found += [LooseEffect(effect.kind, start, end) for start, end in _runs(sounding)]
    return sorted(found, key=lambda sound: (sound.start, sound.kind))


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """From and up to, of each run of True."""
    runs, start = [], None
    for place, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = place
        elif not flag and start is not None:
            runs.append((start, place))
            start = None
    return runs
