"""The known-answer agent in one conversation, independent of the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from time import perf_counter
from typing import Protocol

import numpy as np

from tests.support.known_answers.behaviours import PIECE_S, Behaviour
from tests.support.sharp_speech import sharp_speech
from voicelab.audio.clip import Clip
from voicelab.targets.streaming.events import Frame

_LOUD = 10 ** (-40 / 20)
_PAUSE_SOUND_S = 0.1
_NEW_SPEECH_S = 0.3
"""Speech after a longer silence is an interruption."""


@dataclass
class Did:
    """The agent's actual times (`time.perf_counter`, which is the same for all processes on Linux).

    On a busy machine it acts later than configured. The error of a measurement is relative to these times.
    """

    began_s: float = 0.0
    ended_s: float = 0.0
    answered_s: float = 0.0
    interrupted_s: float = 0.0
    stopped_s: float = 0.0
    late_s: float = 0.0
    """By how much the last part of its reply began later than configured."""


@dataclass(frozen=True)
class Incoming:
    """The meaning of a caller's message. ends: the caller's side announces the end of the turn."""

    clip: Clip | None = None
    answers: tuple[Frame, ...] = ()
    ends: bool = False


class AgentWire(Protocol):
    """The agent's side of a protocol, for one conversation."""

    rate_hz: int

    def hello(self) -> Sequence[Frame]: ...

    def read(self, message: Frame) -> Incoming: ...

    def texts(self, heard: str, answer: str) -> Sequence[Frame]: ...

    def pieces(self, clips: Sequence[Clip]) -> Sequence[Frame]:
        """One message for each piece of the reply."""

    def end(self) -> Sequence[Frame]: ...

    def interrupted(self) -> Sequence[Frame]: ...


HEARD, ANSWER = "hello there", "Good morning."


@cache
def reply(behaviour: Behaviour, rate_hz: int) -> tuple[tuple[Clip, ...], ...]:
    """The reply in parts of pieces. A stutter is a pause between two parts, which end and start with loud samples."""
    speech = sharp_speech(3)
    said = Clip.join([Clip.silence(behaviour.leading_s, speech.rate_hz), *([speech] * (5 if behaviour.long else 1))])
    # The pause begins with silence, because Opus holds back the end of what it encodes.
    pause = Clip.silence(_PAUSE_SOUND_S, speech.rate_hz)
    parts = [Clip.join([said, pause]), speech] if behaviour.stutter_s else [said]
    return tuple(_cut(part.at_rate(rate_hz)) for part in parts)


def _cut(clip: Clip) -> tuple[Clip, ...]:
    size = round(PIECE_S * clip.rate_hz)
    return tuple(Clip(clip.samples[start : start + size], clip.rate_hz) for start in range(0, len(clip.samples), size))


@dataclass(frozen=True)
class Prepared:
    """The messages of one reply, encoded before the call, because encoding would delay the processing of audio."""

    behaviour: Behaviour
    wire: AgentWire
    parts: tuple[tuple[Clip, ...], ...]
    sound: Sequence[Frame]
    texts: Sequence[Frame]
    end: Sequence[Frame]

    @classmethod
    def of(cls, behaviour: Behaviour, wire: AgentWire) -> Prepared:
        parts = reply(behaviour, wire.rate_hz)
        sound = wire.pieces([clip for part in parts for clip in part])
        times = 2 if behaviour.repeats else 1
        texts = [frame for frame in wire.texts(HEARD, ANSWER) for _ in range(times)]
        return cls(behaviour, wire, parts, sound, texts, [frame for frame in wire.end() for _ in range(times)])


@dataclass
class Call:
    """Processes the audio of one caller and answers once."""

    prepared: Prepared
    send: Callable[[Frame], Awaitable[None]]
    hang_up: Callable[[], Awaitable[None]]
    did: Did = field(default_factory=Did)
    _answer: asyncio.Task[None] | None = None
    _stop: asyncio.Task[None] | None = None

    def take(self, clip: Clip, arrived_s: float) -> None:
        """Process audio whose last sample was spoken when it arrived."""
        loud = np.flatnonzero(np.abs(clip.samples) > _LOUD)
        if not len(loud):
            return
        start_s = arrived_s - clip.duration_s
        first_s, last_s = start_s + loud[0] / clip.rate_hz, start_s + (loud[-1] + 1) / clip.rate_hz
        if self._answer is None:
            self.did.began_s = first_s
            self._answer = asyncio.create_task(self._reply())
        if self.did.answered_s == 0.0:
            self.did.ended_s = last_s
        elif self._stop is None and first_s > self.did.ended_s + _NEW_SPEECH_S:
            self.did.interrupted_s = first_s
            self._stop = asyncio.create_task(self._yield())

    @property
    def behaviour(self) -> Behaviour:
        return self.prepared.behaviour

    async def answered(self) -> None:
        """Wait until the reply was sent."""
        if self._answer is not None:
            await self._answer

    def close(self) -> None:
        for task in (self._answer, self._stop):
            if task is not None:
                task.cancel()

    async def _reply(self) -> None:
        messages = iter(self.prepared.sound)
        await self._due()
        for frame in self.prepared.texts:
            await self.send(frame)
        self.did.answered_s = begins_s = perf_counter()
        for part in self.prepared.parts:
            await _until(begins_s)
            self.did.late_s = perf_counter() - begins_s
            await self._speak(part, messages, begins_s)
            begins_s += sum(clip.duration_s for clip in part) + self.behaviour.stutter_s - _PAUSE_SOUND_S
        if self.behaviour.drops_after_s is not None:
            await self.hang_up()
        elif not (self.behaviour.never_ends or self.behaviour.long):
            for frame in self.prepared.end:
                await self.send(frame)

    async def _speak(self, part: Sequence[Clip], messages: Iterator[Frame], begins_s: float) -> None:
        """Send the pieces of a part, up to the point where the connection is dropped."""
        behaviour, spoken_s = self.behaviour, 0.0
        for clip in part:
            if behaviour.drops_after_s is not None and spoken_s >= behaviour.drops_after_s:
                return
            if behaviour.pace is not None:
                await _until(begins_s + spoken_s / behaviour.pace)
            await self.send(next(messages))
            spoken_s += clip.duration_s
            await asyncio.sleep(0)

    async def _due(self) -> None:
        """Wait for the time to answer."""
        if self.behaviour.talks_over_at_s is not None:
            await _until(self.did.began_s + self.behaviour.talks_over_at_s)
            return
        while (due_s := self.did.ended_s + self.behaviour.delay_s) > perf_counter():
            await _until(due_s)

    async def _yield(self) -> None:
        if self.behaviour.stops_after_s is None:
            return
        await _until(self.did.interrupted_s + self.behaviour.stops_after_s)
        self.did.stopped_s = perf_counter()
        for frame in (*self.prepared.wire.interrupted(), *self.prepared.end):
            await self.send(frame)


async def _until(instant_s: float) -> None:
    await asyncio.sleep(max(0.0, instant_s - perf_counter()))
