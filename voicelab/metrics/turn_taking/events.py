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


@dataclass(frozen=True, slots=True)
class Windows:
    """Time windows in seconds. yield_s: the agent should stop for an interruption. ignore_s: it must not stop for a
    sound that is not a turn. answer_s: it must not answer such a sound.
    """

    tick_s: float = TICK_S
    yield_s: float = 2.0
    ignore_s: float = 1.0
    answer_s: float = 2.0

    def ticks(self, duration_s: float) -> int:
        """Return the number of whole ticks within a duration."""
        return int(duration_s / self.tick_s)


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


def events_of(ticks: Sequence[Tick], windows: Windows | None = None) -> TurnTakingEvents:
    """Find the events of a conversation."""
    windows = windows or Windows()
    ticks = without_stop_tick(ticks)
    caller, agent = caller_segments(ticks), agent_segments(ticks)
    ignored: dict[str, list[bool]] = {"backchannel": [], "vocal_tic": [], "non_directed": []}
    yields: list[float | None] = []
    for segment in caller:
        kind = "backchannel" if segment.backchannel else _effect_kind(segment)
        if segment.over_other:
            stopped_s = _stops_after(
                ticks, segment.start, windows, windows.yield_s if kind is None else windows.ignore_s
            )
            if kind is None:
                yields.append(stopped_s)
            else:
                ignored[kind].append(stopped_s is None)
        elif segment.effects:
            effect = _effect_kind(segment) or "non_directed"
            ignored[effect].append(not _answered(agent, segment.start, segment.end, windows))
    for sound in loose_effects(ticks):
        was_ignored = _loose_ignored(sound, agent, windows)
        if was_ignored is not None:
            ignored[sound.kind].append(was_ignored)
    return TurnTakingEvents(
        responses=tuple(_responses(caller, agent, windows)),
        yields=tuple(yields),
        ignored={kind: tuple(outcomes) for kind, outcomes in ignored.items()},
        agent_interruptions=sum(segment.over_other for segment in agent),
    )


def _effect_kind(segment: Segment) -> str | None:
    kinds = {effect.kind for effect in segment.effects}
    return next((kind for kind in ("vocal_tic", "non_directed") if kind in kinds), None)


def _stops_after(ticks: Sequence[Tick], start: int, windows: Windows, window_s: float) -> float | None:
    """Return the seconds from the tick `start` until the agent is silent; None if it talks through the window."""
    for place in range(start, min(start + windows.ticks(window_s), len(ticks))):
        if not ticks[place].agent:
            return (place - start) * windows.tick_s
    return None


def _responses(caller: Sequence[Segment], agent: Sequence[Segment], windows: Windows) -> list[float | None]:
    """Return for each turn without overlap the response latency, or None if the caller spoke again first."""
    turns = [segment for segment in caller if not segment.backchannel and not segment.other_at_end]
    found: list[float | None] = []
    for number, turn in enumerate(turns):
        answer = next((segment.start for segment in agent if segment.start >= turn.end), None)
        again = turns[number + 1].start if number + 1 < len(turns) else None
        if answer is not None and (again is None or answer <= again):
            found.append((answer - turn.end) * windows.tick_s)
        elif again is not None:
            found.append(None)
    return found


def _answered(agent: Sequence[Segment], start: int, end: int, windows: Windows) -> bool:
    """Whether the agent starts to speak between the start of a sound and the window after its end."""
    return any(start <= segment.start <= end + windows.ticks(windows.answer_s) for segment in agent)


def _loose_ignored(sound: LooseEffect, agent: Sequence[Segment], windows: Windows) -> bool | None:
    """Whether a sound outside the caller's speech was ignored; None if the agent talked through it."""
    speaking = next((segment for segment in agent if segment.start <= sound.start < segment.end), None)
    if speaking is None:
        return not _answered(agent, sound.start, sound.end, windows)
    return False if (speaking.end - sound.start) * windows.tick_s <= windows.ignore_s else None
