"""Measure how many sessions can speak concurrently before their audio is late.

Every session sends 20 ms Opus packets at a microphone's pace. Sometimes a heartbeat follows a packet; the server
answers it after it has decoded and handed on that packet. Transit is the time from the packet's due time to the answer,
so it includes both directions over the socket, every queue, and the client's own lag. A server that stalls cannot hide
it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from math import floor
from time import perf_counter

import numpy as np

from voicelab.analysis.bench.server.bare import PROBE_EVERY, cores_per_session
from voicelab.analysis.bench.server.findings import Measurement
from voicelab.analysis.bench.server.speaker import speech_at_hand
from voicelab.analysis.bench.server.talker import Mode, Talker, chunk_frame, chunk_frames, running, wait_or_raise
from voicelab.analysis.bench.server.watch import Vitals
from voicelab.audio.opus import FRAME_S
from voicelab.errors import ConnectionLostError, ServerError

MOST_TRANSIT_MS = 20.0
_PART = "load"
_MOST_OVER_BARE = 5.0
_MOST_OVER_NO_VAD = 3.0
_SHARE_OF_A_CORE = 0.8
"""Share of a core's sessions that is guaranteed. The event loop runs on one core."""
_STEPS = (0.5, 0.75, 1.0, 1.25, 1.5)
"""Share of the guaranteed number of sessions that is measured after the first step."""
STEPS_IN_ALL = 1 + len(_STEPS)
"""Number of calls of tick by `most_sessions`."""
_WARM_UP_S = 3.0
_SETTLE_S = 0.5
_PAUSE_S = 1.2
"""Silence between two utterances of a continuous stream; ends an utterance with any words."""


@dataclass(frozen=True, slots=True)
class LoadStep:
    """The result of a number of sessions.

    first_ms: end of speech → first audio of each turn (with VAD, from the detection of the end). spoken: share of the
    time in which the sessions spoke instead of waiting for an answer. cores: number of cores that the server used.
    """

    sessions: int
    transit_ms: Sequence[float]
    first_ms: Sequence[float]
    spoken: float
    cores: float

    @property
    def cores_per_session(self) -> float:
        """Cores that a session uses while it speaks."""
        return self.cores / (self.sessions * self.spoken)

    @property
    def p99_ms(self) -> float:
        return float(np.quantile(self.transit_ms, 0.99))


async def most_sessions(
    address: str, mode: Mode, first: int, step_s: float, tick: Callable[[], None]
) -> tuple[LoadStep, list[Measurement]]:
    """Increase the number of sessions until the 99th percentile of transit reaches MOST_TRANSIT_MS.

    The first step shows the processor time of a session, and with it how many sessions would use a core. The guarantee
    is a share of that number, so it does not depend on the speed of the machine.

    first: number of sessions of the first step, which is also returned. step_s: duration of each step in seconds.
    tick: called for each of at most STEPS_IN_ALL steps, including skipped ones.
    """
    speech = await speech_at_hand(pause_s=_PAUSE_S if mode == "continuous" else 0.0)
    about = "without VAD" if mode == "realtime" else "with VAD"
    steps = [await _step(address, mode, speech, first, step_s)]
    # Measured one after the other, because the speed of a shared machine varies.
    ratios = [await _over_bare(steps[0], speech, step_s)] if mode == "realtime" else []
    tick()
    least = max(1, floor(_SHARE_OF_A_CORE / steps[0].cores_per_session))
    for count in dict.fromkeys(round(share * least) for share in _STEPS):
        if count > first and steps[-1].p99_ms < MOST_TRANSIT_MS:
            steps.append(await _step(address, mode, speech, count, step_s))
        tick()
    found = [*(finding for step in steps for finding in _of(step, about)), *ratios]
    most = max((step.sessions for step in steps if step.p99_ms < MOST_TRANSIT_MS), default=0)
    what = f"paced Opus sessions {about} with transit p99 < {MOST_TRANSIT_MS:g} ms ({_SHARE_OF_A_CORE} ÷ cores of one)"
    return steps[0], [*found, Measurement(_PART, what, most, "sessions", len(steps), least=least)]


async def _over_bare(step: LoadStep, speech: Sequence[list[bytes]], step_s: float) -> Measurement:
    bare = await cores_per_session(speech, step.sessions, step_s)
    what = f"processor time of {step.sessions} paced Opus sessions without VAD over a bare WebSocket server's"
    return Measurement(_PART, what, step.cores_per_session / bare, "", step.sessions, most=_MOST_OVER_BARE)


def over_sessions_without_vad(with_vad: LoadStep, without: LoadStep) -> Measurement:
    """Relate the processor time of a session with VAD to that of one without, each from its first step."""
    ratio = with_vad.cores_per_session / without.cores_per_session
    what = "processor time of a paced Opus session with VAD over one without"
    return Measurement(_PART, what, ratio, "", with_vad.sessions, most=_MOST_OVER_NO_VAD)


def _of(step: LoadStep, about: str) -> list[Measurement]:
    at = f"{step.sessions} paced Opus sessions {about}"
    made_of = f"spoken {step.spoken:.0%} of the time, {step.cores:.2f} cores"
    found = [Measurement(_PART, f"transit p99, {at} ({made_of})", step.p99_ms, "ms", len(step.transit_ms))]
    if step.first_ms:
        p95_ms = float(np.quantile(step.first_ms, 0.95))
        found.append(Measurement(_PART, f"... their first audio, p95, {at}", p95_ms, "ms", len(step.first_ms)))
    return found


@dataclass(slots=True)
class _LoadTally:
    """Measure one step and return the sessions' observations."""

    counts: bool = False
    transit_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    packets: int = 0


async def _step(address: str, mode: Mode, speech: Sequence[list[bytes]], count: int, step_s: float) -> LoadStep:
    tally = _LoadTally()
    sessions = (
        _speak(address, mode, [*speech[number % len(speech) :], *speech], number / count, tally)
        for number in range(count)
    )
    async with running(sessions) as tasks:
        await wait_or_raise(tasks, _WARM_UP_S)
        before, start = await Vitals.of(address), perf_counter()
        # Requesting the vitals kept the client from reading, so delays in this time do not count.
        await wait_or_raise(tasks, _SETTLE_S)
        tally.counts = True
        await wait_or_raise(tasks, step_s)
        tally.counts = False
        cores = ((await Vitals.of(address)).cpu_s - before.cpu_s) / (perf_counter() - start)
    if not tally.transit_ms:
        raise ConnectionLostError(f"no heartbeat of {count} sessions was answered within {step_s:g} s")
    spoken = tally.packets * FRAME_S / (count * step_s)
    return LoadStep(count, tally.transit_ms, tally.first_ms, spoken, cores)


async def _speak(address: str, mode: Mode, speech: Sequence[list[bytes]], offset: float, tally: _LoadTally) -> None:
    """Send utterances in one session until cancelled. offset: 0..1, phase within a frame and within the warm-up."""
    await asyncio.sleep(offset * _WARM_UP_S / 2)
    events = ["speech_stopped"] if mode == "continuous" else []
    async with Talker.connect(address, mode=mode, events=events) as talker:
        session = _LoadSession(talker, tally)
        async with running([session.listen(), session.speak(mode, speech)]) as both:
            try:
                await wait_or_raise(both, None)
            finally:
                session.count_what_is_late()


class _LoadSession:
    """A session's state. due: due times of the packets before unanswered heartbeats."""

    def __init__(self, talker: Talker, tally: _LoadTally) -> None:
        self._talker = talker
        self._tally = tally
        self._due: list[float] = []
        self._answered = asyncio.Event()
        self._ended_s: float | None = None

    async def listen(self) -> None:
        while True:
            name, data = await self._talker.receive()
            if name == "heartbeat":
                due_s = self._due.pop(0)
                if self._tally.counts:
                    self._tally.transit_ms.append(1000 * (perf_counter() - due_s))
            elif name == "speech_stopped":
                self._ended_s = perf_counter()
            elif name == "audio_chunk":
                self._reply_came(is_final=data["is_final"])
            elif name == "error":
                raise ServerError(data["code"], data["message"])

    def _reply_came(self, *, is_final: bool) -> None:
        if self._ended_s is not None and self._tally.counts:
            self._tally.first_ms.append(1000 * (perf_counter() - self._ended_s))
        self._ended_s = None
        if is_final:
            self._answered.set()

    def count_what_is_late(self) -> None:
        """Include overdue heartbeats, which would otherwise be missing because they have no answer yet."""
        waits_ms = [1000 * (perf_counter() - due_s) for due_s in self._due]
        self._tally.transit_ms += [wait_ms for wait_ms in waits_ms if wait_ms > MOST_TRANSIT_MS]

    async def speak(self, mode: Mode, speech: Sequence[list[bytes]]) -> None:
        due_s, sent = perf_counter(), 0
        for packets in cycle(speech):
            for frame in chunk_frames(packets):
                due_s += FRAME_S
                await asyncio.sleep(due_s - perf_counter())
                await self._talker.socket.send(frame)
                sent += 1
                self._tally.packets += self._tally.counts
                if sent % PROBE_EVERY == 0:
                    self._due.append(due_s)
                    await self._talker.send("heartbeat")
            if mode == "realtime":
                self._answered.clear()
                await self._talker.socket.send(chunk_frame(b"", is_final=True))
                self._ended_s = perf_counter()
                await self._answered.wait()
                due_s = perf_counter()
