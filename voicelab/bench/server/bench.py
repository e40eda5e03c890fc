"""The parts of `voicelab bench server`, each with the server that it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from voicelab.bench.server import fuzz, latency, soak
from voicelab.bench.server.findings import Finding
from voicelab.results import RunSpec
from voicelab.targets import own_server


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each is done. turns: for the latency of turns; interrupts: at each number of sessions.

    mutated: messages and streams of the fuzz run, chosen by seed. soak_s: how long the soak goes on.
    """

    turns: int = 200
    interrupts: int = 300
    mutated: int = 100_000
    seed: int = 0
    soak_s: float = 600.0


PARTS: dict[str, str] = {
    "latency": "what the server adds to a turn, and how fast a reply stops when it is interrupted",
    "fuzz": "mutated messages and streams: no crash, no leak, no stuck session",
    "soak": "good, bad and slow clients side by side for long: nothing stays behind",
}
"""The parts by name, in the order in which they run."""

Tick = Callable[[], None]


async def run_part(name: str, sizes: Sizes, folder: Path, bar: Callable[[int, str], Tick]) -> list[Finding]:
    """Start the server that the part needs, measure, and end it.

    folder: for the server's log and history. bar: begins a progress bar of so many steps with a label.
    """
    match name:
        case "latency":
            return await _latency(sizes, folder, bar)
        case "fuzz":
            return await _fuzz(sizes, folder, bar)
        case "soak":
            return await _soak(sizes, folder, bar)
        case _:
            raise AssertionError(name)


async def _latency(sizes: Sizes, folder: Path, bar: Callable[[int, str], Tick]) -> list[Finding]:
    async with _server(folder, agent=latency.AGENT) as address:
        found = await latency.added(address, sizes.turns, bar(sizes.turns + 1, "turns"))
        for sessions, most_ms in ((1, 50.0), (50, 100.0)):
            rounds = max(3, sizes.interrupts // sessions)
            tick = bar(sessions * rounds, f"interrupts, {sessions} at once")
            found += await latency.interrupts(address, sessions, rounds, most_ms, tick)
    return found


async def _fuzz(sizes: Sizes, folder: Path, bar: Callable[[int, str], Tick]) -> list[Finding]:
    async with _server(folder, **fuzz.ENGINES, **fuzz.SETTINGS) as address:
        tick = bar(sizes.mutated, "mutated messages and streams")
        return await fuzz.fuzz(address, folder / "server.log", sizes.mutated, sizes.seed, tick)


async def _soak(sizes: Sizes, folder: Path, bar: Callable[[int, str], Tick]) -> list[Finding]:
    async with _server(folder, **soak.ENGINES, **soak.SETTINGS) as address:
        return await soak.soak(address, folder / "server.log", sizes.soak_s, bar(round(sizes.soak_s), "soak, seconds"))


@asynccontextmanager
async def _server(
    folder: Path, *, asr: str = "fake", agent: str = "fake", tts: str = "fake", **settings: str
) -> AsyncIterator[str]:
    """The address of a server of our own; settings by the names of their variables."""
    spec = RunSpec(samples="", asr=asr, agent=agent, tts=tts)
    async with own_server(spec, folder, **settings) as address:
        yield address
