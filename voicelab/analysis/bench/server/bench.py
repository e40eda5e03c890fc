"""The parts of `voicelab bench server`, each with its own server."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

from voicelab.analysis.bench.server import latency, load, memory, speech
from voicelab.analysis.bench.server.findings import Measurement
from voicelab.analysis.bench.server.talker import Mode
from voicelab.runs.records import RunSpec
from voicelab.targets.own_server import own_server


@dataclass(frozen=True, slots=True)
class Sizes:
    """The amount of work per measurement.

    turns: for the server's added latency. interrupts: at each number of `interrupting` sessions. speaking,
    speaking_vad: concurrent sessions in the first step of load; each step takes load_step_s seconds. idle_connections
    stay open for idle_s seconds. churn: connects and disconnects. speech_turns: with a real recognizer and one session.
    """

    turns: int = 200
    interrupts: int = 300
    interrupting: tuple[int, ...] = (1, 50)
    speaking: int = 25
    speaking_vad: int = 10
    load_step_s: float = 10.0
    idle_connections: int = 500
    idle_s: float = 20.0
    churn: int = 10_000
    speech_turns: int = 80

    def tenth(self) -> Self:
        """About a tenth of the work."""
        return replace(
            self, turns=20, interrupts=30, load_step_s=2.0, idle_connections=50, idle_s=2.0, churn=1000, speech_turns=8,
        )  # fmt: skip


Bar = Callable[[int, str], Callable[[], None]]
"""Starts a progress bar, given its steps and label, and returns the function that advances it."""


async def _latency(sizes: Sizes, folder: Path, bar: Bar) -> list[Measurement]:
    async with _server(folder, agent=latency.AGENT) as address:
        found = await latency.added(address, sizes.turns, bar(sizes.turns, "turns"))
        for sessions in sizes.interrupting:
            most_ms = 50.0 if sessions == 1 else 100.0
            rounds = max(3, sizes.interrupts // sessions)
            tick = bar(sessions * rounds, f"interrupts, {sessions} at once")
            found += await latency.interrupts(address, sessions, rounds, most_ms, tick)
    return found


async def _load(sizes: Sizes, folder: Path, bar: Bar) -> list[Measurement]:
    modes: Sequence[tuple[Mode, int]] = (("realtime", sizes.speaking), ("continuous", sizes.speaking_vad))
    found, first = [], []
    for mode, sessions in modes:
        async with _server(folder) as address:
            tick = bar(load.STEPS_IN_ALL, f"steps of more sessions, {mode}")
            step, these = await load.most_sessions(address, mode, sessions, sizes.load_step_s, tick)
            first.append(step)
            found += these
    without, with_vad = first
    return [*found, load.over_sessions_without_vad(with_vad, without)]


async def _memory(sizes: Sizes, folder: Path, bar: Bar) -> list[Measurement]:
    most = str(2 * sizes.idle_connections)
    async with _server(folder, MAX_CONNECTIONS=most, MAX_CONNECTIONS_PER_CLIENT=most) as address:
        steps = sizes.idle_connections // memory.AT_ONCE + 1
        found = await memory.idle(address, sizes.idle_connections, sizes.idle_s, bar(steps, "idle connections"))
        tick = bar(sizes.churn // memory.AT_ONCE, f"connects and disconnects, {memory.AT_ONCE} at once")
        return found + await memory.churn(address, sizes.churn, tick)


async def _speech(sizes: Sizes, folder: Path, bar: Bar) -> list[Measurement]:
    async with _server(folder, asr="pocketsphinx", agent="rules", tts="espeak") as address:
        tick = bar(speech.turns_in_all(sizes.speech_turns), "turns, more sessions step by step")
        return await speech.answers(address, sizes.speech_turns, tick)


@asynccontextmanager
async def _server(
    folder: Path, *, asr: str = "fake", agent: str = "fake", tts: str = "fake", **settings: str
) -> AsyncIterator[str]:
    """Start a server and return its address; settings by variable name."""
    spec = RunSpec(samples="none", asr=asr, agent=agent, tts=tts)
    async with own_server(spec, folder, **settings) as server:
        yield server.address


class Part(NamedTuple):
    """A part. run: start the server, measure, and stop it; the folder is for the server's log and history."""

    about: str
    run: Callable[[Sizes, Path, Bar], Coroutine[Any, Any, list[Measurement]]]


PARTS: dict[str, Part] = {
    "latency": Part("latency that the server adds to a turn, and time until an interrupted reply stops", _latency),
    "load": Part("number of concurrent speaking sessions before their audio is late", _load),
    "memory": Part("memory of idle connections, and leftovers of closed ones", _memory),
    "speech": Part("response time with a real recognizer, with one session and with all cores busy", _speech),
}
"""The parts by name, in the order in which they run."""
