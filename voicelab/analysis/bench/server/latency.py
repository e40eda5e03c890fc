"""Measure the latency that the server adds to a turn, and the time until an interrupted reply stops.

The engines are fakes that take no time, so the measured time is the server's: network, decoding, encoding, history on
disk, and handover between the stages. Server and clients share the machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter

import numpy as np

from voicelab.analysis.bench.server.bare import PAUSE_S, round_trips_s
from voicelab.analysis.bench.server.findings import Measurement, quantiles_ms
from voicelab.analysis.bench.server.talker import Talker, chunk_frame, chunk_frames
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.opus import encode_packets

AGENT = "fake:text=" + " ".join(f"Sentence number {number} is a rather short one." for number in range(1, 31))
"""An agent whose reply is long enough to be interrupted."""
_STAGES = ("asr_busy_s", "agent_s", "tts_first_s")
_SPEAKS_S = 0.5
_MOST_ROUND_TRIPS = (10.0, 20.0)
"""Guaranteed p50 and p95 of the added latency, in median round trips of a bare server."""


class LatencyTurns:
    """Turns of one second of speech in a session started with `events` of ["turn_metrics"]."""

    def __init__(self, talker: Talker) -> None:
        samples = (0.3 * np.sin(np.arange(SPEECH_RATE_HZ) * 0.17)).astype(np.float32)
        packets = encode_packets(Clip(samples, SPEECH_RATE_HZ))
        self._talker = talker
        self._frames, self._end = chunk_frames(packets[:-1]), chunk_frame(packets[-1], is_final=True)

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str) -> AsyncIterator[LatencyTurns]:
        async with Talker.connect(address, events=["turn_metrics"]) as talker:
            turns = cls(talker)
            # Warm up with a first turn.
            await turns.added_s()
            yield turns

    async def added_s(self) -> float:
        """Return the time from end of speech to first audio in the next turn, without the engines' time.

        All Opus packets but the last are sent before the clock starts.
        """
        for frame in self._frames:
            await self._talker.socket.send(frame)
        await asyncio.sleep(PAUSE_S)
        start = perf_counter()
        await self._talker.socket.send(self._end)
        await self._talker.until("audio_chunk")
        first_s = perf_counter() - start
        stages = await self._talker.until("turn_metrics")
        await self._talker.until_reply_ends()
        return first_s - float(sum(stages[name] for name in _STAGES))


async def added(address: str, turns: int, tick: Callable[[], None]) -> list[Measurement]:
    """Measure the added latency in a number of turns, and relate it to the round trip of a bare WebSocket server.

    The ratio depends less on the machine than the latency. tick: called after each turn.
    """
    bare_ms = 1000 * float(np.median(await round_trips_s(turns)))
    taken_s = []
    async with LatencyTurns.open(address) as session:
        for _ in range(turns):
            taken_s.append(await session.added_s())
            tick()
    what = "end of speech → first audio, less the engines' time, 1 session"
    found = quantiles_ms("latency", what, taken_s, {0.5: None, 0.95: None})
    ratios = [
        Measurement("latency", f"{one.what}, over that round trip", one.value / bare_ms, "", turns, most=most)
        for one, most in zip(found, _MOST_ROUND_TRIPS, strict=False)
    ]
    return [Measurement("latency", "round trip of a bare WebSocket server: p50", bare_ms, "ms", turns), *found, *ratios]


async def interrupts(
    address: str, sessions: int, rounds: int, most_ms: float, tick: Callable[[], None]
) -> list[Measurement]:
    """Measure the time from interrupt to the last chunk of the reply, in several concurrent sessions.

    most_ms: upper bound of the 99th percentile. tick: called after each interrupt.
    """
    pairs = await asyncio.gather(
        *(_interrupted(address, rounds, number / sessions, tick) for number in range(sessions))
    )
    last_s, told_s = zip(*(pair for found in pairs for pair in found), strict=True)
    at = f"{sessions} session{'s' if sessions > 1 else ''}"
    return [
        *quantiles_ms("latency", f"interrupt → last chunk of that reply, {at}", last_s, {0.99: most_ms}),
        *quantiles_ms("latency", f"interrupt → interrupted, {at}", told_s, {0.5: None, 0.99: None}),
    ]


async def _interrupted(address: str, rounds: int, offset: float, tick: Callable[[], None]) -> list[tuple[float, float]]:
    """For each round: time from the interrupt to the last chunk after it (0 if none), and to `interrupted`.

    offset: 0..1, the fraction of a second at which this session interrupts, so that sessions are spread.
    """
    taken_s = []
    async with Talker.connect(address, paced=True) as talker:
        for _ in range(rounds):
            await talker.send("text", text="go on")
            await talker.until("audio_chunk")
            await talker.listen(_SPEAKS_S + offset)
            start = last = perf_counter()
            await talker.send("interrupt")
            while (name := (await talker.receive())[0]) != "interrupted":
                last = perf_counter() if name == "audio_chunk" else last
            taken_s.append((last - start, perf_counter() - start))
            tick()
    return taken_s
