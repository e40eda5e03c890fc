"""What the server itself takes: the time it adds to a turn, and how fast a reply stops when it is interrupted.

The engines are fakes that take no time of their own, so that what is left is the server's: the wire, decoding,
encoding, the history on disk, and the way between the stages. Server and clients share the machine.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import websockets
from websockets.asyncio.client import ClientConnection

from voicelab.clip import SPEECH_RATE_HZ, Clip
from voicelab.opus import encode_packets
from voicelab.results import RunSpec
from voicelab.targets import own_server

_WORDS = " ".join(f"Sentence number {number} is a rather short one." for number in range(1, 31))
_PATIENCE_S = 60.0
_STAGES = ("asr_busy_s", "agent_s", "tts_first_s")


@dataclass(frozen=True, slots=True)
class Figures:
    """Quantiles of what was measured. All but `what` and `unit` are in that unit."""

    what: str
    sessions: int
    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    worst_ms: float

    @classmethod
    def of(cls, what: str, sessions: int, taken_s: Sequence[float]) -> Figures:
        p50, p95, p99 = (float(value) for value in np.quantile(np.array(taken_s) * 1000, (0.5, 0.95, 0.99)))
        return cls(what, sessions, len(taken_s), p50, p95, p99, 1000 * max(taken_s))


async def bench_server(folder: Path, *, turns: int, sessions: Sequence[int]) -> list[Figures]:
    """Start a server with fake engines, take all figures, and end it. folder: for its log and its history."""
    spec = RunSpec(samples="", asr="fake", agent=f"fake:text={_WORDS.replace(',', '')}", tts="fake")
    async with own_server(spec, folder) as address:
        url = f"{address.replace('http', 'ws', 1)}/ws/voice/simple"
        found = [Figures.of("end of speech → first audio, less the engines' time", 1, await _added(url, turns))]
        for count in sessions:
            rounds = max(3, turns // count)
            gathered = await asyncio.gather(*(_interrupted(url, rounds, number / count) for number in range(count)))
            last, told = (
                [value for pairs in gathered for value in (pair[place] for pair in pairs)] for place in (0, 1)
            )
            found.append(Figures.of("interrupt → last chunk of that reply", count, last))
            found.append(Figures.of("interrupt → interrupted", count, told))
    return found


@asynccontextmanager
async def _session(url: str, **init: Any) -> AsyncIterator[ClientConnection]:
    origin = websockets.Origin("http://localhost:3000")
    async with websockets.connect(url, origin=origin, max_size=None, compression=None, proxy=None) as socket:
        await _send(socket, "init", **init)
        await _until(socket, "session_start")
        yield socket


async def _send(socket: ClientConnection, event: str, **data: Any) -> None:
    await socket.send(json.dumps({"event": event, "data": data}))


async def _receive(socket: ClientConnection) -> tuple[str, dict[str, Any]]:
    async with asyncio.timeout(_PATIENCE_S):
        message = json.loads(await socket.recv())
    return message["event"], message["data"]


async def _until(socket: ClientConnection, event: str) -> dict[str, Any]:
    while True:
        name, data = await _receive(socket)
        if name == event:
            return data


async def _added(url: str, turns: int) -> list[float]:
    """Turns of one second of speech in Opus packets, all but the last sent before the clock starts."""
    samples = (0.3 * np.sin(np.arange(SPEECH_RATE_HZ) * 0.17)).astype(np.float32)
    packets = [base64.b64encode(packet).decode() for packet in encode_packets(Clip(samples, SPEECH_RATE_HZ))]
    taken = []
    async with _session(url, events=["turn_metrics"]) as socket:
        for _ in range(turns + 1):
            for packet in packets[:-1]:
                await _send(socket, "audio_chunk", audio_chunk=packet, format="opus", is_final=False)
            await asyncio.sleep(0.05)
            start = perf_counter()
            await _send(socket, "audio_chunk", audio_chunk=packets[-1], format="opus", is_final=True)
            await _until(socket, "audio_chunk")
            first_s = perf_counter() - start
            stages = await _until(socket, "turn_metrics")
            await _until(socket, "audio_chunk")
            taken.append(first_s - sum(stages[name] for name in _STAGES))
    return taken[1:]  # the first turn pays for what later ones find ready


async def _interrupted(url: str, rounds: int, offset: float) -> list[tuple[float, float]]:
    """Of each round: from the interrupt to the last chunk that still came (0 when none did), and to `interrupted`.

    offset: 0..1, at which part of a second this session interrupts, so that many do not do it all at once.
    """
    taken = []
    async with _session(url, paced=True) as socket:
        for _ in range(rounds):
            await _send(socket, "text", text="go on")
            await _until(socket, "audio_chunk")
            stop_at = perf_counter() + 0.5 + offset
            while (left_s := stop_at - perf_counter()) > 0:
                try:
                    await asyncio.wait_for(socket.recv(), left_s)
                except TimeoutError:
                    break
            start = last = perf_counter()
            await _send(socket, "interrupt")
            while (name := (await _receive(socket))[0]) != "interrupted":
                last = perf_counter() if name == "audio_chunk" else last
            taken.append((last - start, perf_counter() - start))
    return taken
