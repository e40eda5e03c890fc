"""The parts of `voicelab bench server`, each with the server that it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from voicelab.analysis.bench.server import latency, load, memory, speech
from voicelab.analysis.bench.server.findings import Measurement
from voicelab.runs.records import RunSpec
from voicelab.targets.own_server import own_server
from voicelab.tts.default import default_voice


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each is done.

    turns: for what the server adds. interrupts: at each number of `interrupting` sessions. speaking, speaking_vad: how
    many sessions speak at once, step by step, and load_step_s, how long each step is measured. idle_connections stand
    for idle_s. churn: connects and disconnects. speech_turns: with a real recognizer, with one session.
    """

    turns: int = 200
    interrupts: int = 300
    interrupting: tuple[int, ...] = (1, 50)
    speaking: tuple[int, ...] = (25, 50, 75, 100, 125, 150)
    speaking_vad: tuple[int, ...] = (10, 20, 30, 40, 50, 60)
    load_step_s: float = 10.0
    idle_connections: int = 500
    idle_s: float = 20.0
    churn: int = 10_000
    speech_turns: int = 80

    def tenth(self) -> Self:
        """About a tenth of all that takes time."""
        return replace(
            self, turns=20, interrupts=30, load_step_s=2.0, idle_connections=50, idle_s=2.0, churn=1000, speech_turns=8,
        )  # fmt: skip


PARTS: dict[str, str] = {
    "latency": "what the server adds to a turn, and how fast a reply stops when it is interrupted",
    "load": "how many sessions can speak at once before their sound is late",
    "memory": "what idle connections cost, and what is left of those that are gone",
    "speech": "with a real recognizer: how long until an answer, alone and with all cores at work",
}
"""The parts by name, in the order in which they run."""

Tick = Callable[[], None]


async def _latency(sizes: Sizes, folder: Path, bar: Callable[[int, str], Tick]) -> list[Measurement]:
    async with _server(folder, agent=latency.AGENT) as address:
        found = await latency.added(address, sizes.turns, bar(sizes.turns, "turns"))
        for sessions in sizes.interrupting:
            most_ms = 50.0 if sessions == 1 else 100.0
            rounds = max(3, sizes.interrupts // sessions)
            tick = bar(sessions * rounds, f"interrupts, {sessions} at once")
            found += await latency.interrupts(address, sessions, rounds, most_ms, tick)
    return found


async def _load(sizes: Sizes, folder: Path, bar: Callable[[int, str], Tick]) -> list[Measurement]:
    steps: Sequence[tuple[load.Mode, Sequence[int], int]]
    steps = (("realtime", sizes.speaking, 100), ("continuous", sizes.speaking_vad, 40))
    found = []
    for mode, counts, least in steps:
        async with _server(folder) as address:
            tick = bar(len(counts), f"steps of more sessions, {mode}")
            found += await load.most_sessions(address, mode, counts, sizes.load_step_s, least, tick)
    return found


async def _memory(sizes: Sizes, folder: Path, bar: Callable[[int, str], Tick]) -> list[Measurement]:
    most = str(2 * sizes.idle_connections)
    async with _server(folder, MAX_CONNECTIONS=most, MAX_CONNECTIONS_PER_CLIENT=most) as address:
        steps = sizes.idle_connections // memory.AT_ONCE + 1
        found = await memory.idle(address, sizes.idle_connections, sizes.idle_s, bar(steps, "idle connections"))
        tick = bar(sizes.churn // memory.AT_ONCE, f"connects and disconnects, {memory.AT_ONCE} at once")
        return found + await memory.churn(address, sizes.churn, tick)


async def _speech(sizes: Sizes, folder: Path, bar: Callable[[int, str], Tick]) -> list[Measurement]:
    async with _server(folder, asr="pocketsphinx", agent="rules", tts=default_voice()) as address:
        tick = bar(speech.turns_in_all(sizes.speech_turns), "turns, more sessions step by step")
        return await speech.answers(address, sizes.speech_turns, tick)


@asynccontextmanager
async def _server(
    folder: Path, *, asr: str = "fake", agent: str = "fake", tts: str = "fake", **settings: str
) -> AsyncIterator[str]:
    """The address of a server of our own; settings by the names of their variables."""
    spec = RunSpec(samples="none", asr=asr, agent=agent, tts=tts)
    async with own_server(spec, folder, **settings) as server:
        yield server.address


_RUN = {
    "latency": _latency,
    "load": _load,
    "memory": _memory,
    "speech": _speech,
}


async def run_part(name: str, sizes: Sizes, folder: Path, bar: Callable[[int, str], Tick]) -> list[Measurement]:
    """Start the server that a part of PARTS needs, measure, and end it.

    folder: for the server's log and history. bar: begins a progress bar of so many steps with a label.
    """
    return await _RUN[name](sizes, folder, bar)
