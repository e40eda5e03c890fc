"""Events between caller and agent: responses, yields, interruptions, and sounds that need no response.

The definitions are those of τ-voice's `voice_interaction_metrics` (tau2-bench), edge cases included: windows are
counted in whole ticks, and a sound outside the caller's speech during which the agent keeps talking is not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.metrics.turn_taking.timeline import (
    TICK_S,
    LooseEffect,
    Segment,
    Tick,
    agent_segments,
    caller_segments,
    loose_effects,
    without_stop_tick,
)

YIELD_S = 2.0
"""The agent should stop for an interruption within this time, in seconds."""
IGNORE_S = 1.0
"""It must not stop for a sound that is not a turn within this time."""
_ANSWER_S = 2.0
"""It must not answer such a sound within this time."""


@dataclass(frozen=True, slots=True)
class TurnTakingEvents:
    """The events of one conversation.

    responses: latency in seconds, None if the caller had to speak again. yields: latency in seconds, None if the agent
    kept talking. ignored: for each kind, whether each sound was correctly ignored. agent_interruptions: number of times
    the agent started while the caller spoke.
    """

    responses: tuple[float | None, ...]
    yields: tuple[float | None, ...]
    ignored: dict[str, tuple[bool, ...]]
    agent_interruptions: int


def events_of(ticks: Sequence[Tick], tick_s: float = TICK_S) -> TurnTakingEvents:
    """Find the events of a conversation. tick_s: the length of a tick in seconds."""
    ticks = without_stop_tick(ticks)
    caller, agent = caller_segments(ticks), agent_segments(ticks)
    ignored: dict[str, list[bool]] = {"backchannel": [], "vocal_tic": [], "non_directed": []}
    yields: list[float | None] = []
    for segment in caller:
        kind = "backchannel" if segment.backchannel else _effect_kind(segment)
        if segment.over_other:
            stopped_s = _stops_after(ticks, segment.start, tick_s, YIELD_S if kind is None else IGNORE_S)
            if kind is None:
                yields.append(stopped_s)
            else:
                ignored[kind].append(stopped_s is None)
        elif segment.effects:
            effect = _effect_kind(segment) or "non_directed"
            ignored[effect].append(not _answered(agent, segment.start, segment.end, tick_s))
    for sound in loose_effects(ticks):
        was_ignored = _loose_ignored(sound, agent, tick_s)
        if was_ignored is not None:
            ignored[sound.kind].append(was_ignored)
    return TurnTakingEvents(
        responses=tuple(_responses(caller, agent, tick_s)),
        yields=tuple(yields),
        ignored={kind: tuple(outcomes) for kind, outcomes in ignored.items()},
        agent_interruptions=sum(segment.over_other for segment in agent),
    )


def _effect_kind(segment: Segment) -> str | None:
    kinds = {effect.kind for effect in segment.effects}
    return next((kind for kind in ("vocal_tic", "non_directed") if kind in kinds), None)


def _stops_after(ticks: Sequence[Tick], start: int, tick_s: float, window_s: float) -> float | None:
    """Return the seconds from the tick `start` until the agent is silent; None if it talks through the window."""
    for place in range(start, min(start + int(window_s / tick_s), len(ticks))):
        if not ticks[place].agent:
            return (place - start) * tick_s
    return None


def _responses(caller: Sequence[Segment], agent: Sequence[Segment], tick_s: float) -> list[float | None]:
    """Return for each turn without overlap the response latency, or None if the caller spoke again first."""
    turns = [segment for segment in caller if not segment.backchannel and not segment.other_at_end]
    found: list[float | None] = []
    for number, turn in enumerate(turns):
        answer = next((segment.start for segment in agent if segment.start >= turn.end), None)
        again = turns[number + 1].start if number + 1 < len(turns) else None
        if answer is not None and (again is None or answer <= again):
            found.append((answer - turn.end) * tick_s)
        elif again is not None:
            found.append(None)
    return found


def _answered(agent: Sequence[Segment], start: int, end: int, tick_s: float) -> bool:
    """Whether the agent starts to speak between the start of a sound and the window after its end."""
    return any(start <= segment.start <= end + int(_ANSWER_S / tick_s) for segment in agent)


def _loose_ignored(sound: LooseEffect, agent: Sequence[Segment], tick_s: float) -> bool | None:
    """Whether a sound outside the caller's speech was ignored; None if the agent talked through it."""
    speaking = next((segment for segment in agent if segment.start <= sound.start < segment.end), None)
    if speaking is None:
        return not _answered(agent, sound.start, sound.end, tick_s)
    return False if (speaking.end - sound.start) * tick_s <= IGNORE_S else None
