"""The fuzz run and the soak, each with its own server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.abuse import fuzz, soak
from voicelab.analysis.bench.server.findings import Measurement
from voicelab.runs.records import RunSpec
from voicelab.targets.own_server import own_server

Bar = Callable[[int, str], Callable[[], None]]
"""Starts a progress bar with a number of steps and a label; returns a function that advances it."""


async def run_fuzz(folder: Path, count: int, seed: int, bar: Bar) -> list[Measurement]:
    """Send at least `count` mutated messages and streams. folder: for the server's log and history."""
    recordings = str(folder / "recordings")
    async with own_server(fuzz.SPEC, folder, **fuzz.SETTINGS, RECORDINGS_DIR=recordings) as server:
        tick = bar(count, "mutated messages and streams")
        return await fuzz.fuzz(server.address, folder / "server.log", count, seed, tick)


async def run_soak(folder: Path, duration_s: float, bar: Bar) -> list[Measurement]:
    """Run clients of every kind, then compare the server with a new one."""
    spec = RunSpec(samples="none", **soak.ENGINES)
    async with own_server(spec, folder, **soak.SETTINGS) as soaked:
        tick = bar(round(duration_s), "soak, seconds")
        found = await soak.soak(soaked.address, folder / "server.log", duration_s, tick)
        (folder / "fresh").mkdir()
        async with own_server(spec, folder / "fresh", **soak.SETTINGS) as fresh:
            tick = bar(2 * soak.AGE_TURNS, "turns, soaked and fresh")
            return [*found, *await soak.aged(soaked.address, fresh.address, tick)]
