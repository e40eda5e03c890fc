"""Measure the effect of each kind of attacker on well-behaved clients.

    python -m tests.abuse attackers [KIND ...] [--seconds 20] [--asr fake] [--tts fake]

starts a server for each kind, measures ordinary turns alone and then beside the attacker, and prints a table: the 99th
percentiles, their ratio, and the number of failed turns. It exits with 1 if a ratio exceeds --most (2 by default), a
turn failed, or the server ended. Unlike a real attacker, this one runs on the same machine, so it runs only when a core
is idle (SCHED_IDLE). The figures still include some of its load, so they are upper bounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from tests.abuse.attacks import ATTACKS, event
from tests.support.serving import ORIGIN, Served, spawned
from voicelab.paths import PROJECT

_ENGINES = {"decoders": {"ASR": "pocketsphinx"}, "abandoned": {"TTS": "espeak"}}
"""The engines that some attacks need; the others attack a server with fake engines.

The fake voice computes in the server's process. Real engines have processes of their own.
"""
_FAKES = {"ASR": "fake", "AGENT": "fake", "TTS": "fake"}
_HONEST = {"X-Forwarded-For": "192.0.2.9"}
_PAUSE_S = 0.02
_PATIENCE_S = 60.0
_LEAD_S = 1.0
"""Seconds that an attacker runs before its effect is measured."""


@dataclass(frozen=True)
class Turns:
    """Results of well-behaved clients. taken_s: durations of each answered turn and of each probe."""

    taken_s: tuple[float, ...]
    failed: int

    def p99_ms(self) -> float:
        """The 99th percentile; infinite without answers."""
        return 1000 * float(np.quantile(self.taken_s, 0.99)) if self.taken_s else float("inf")


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    kind: str
    alone: Turns
    beside: Turns
    peak_mb: float
    is_alive: bool

    @property
    def ratio(self) -> float:
        return self.beside.p99_ms() / self.alone.p99_ms()

    def is_within(self, most: float) -> bool:
        """Whether the results of well-behaved clients are within the limits."""
        return self.is_alive and not self.beside.failed and self.ratio <= most

    def __str__(self) -> str:
        state = "" if self.is_alive else "  the server ended"
        times = f"{self.alone.p99_ms():10.1f} {self.beside.p99_ms():11.1f} {self.ratio:7.2f}"
        return f"{self.kind:12} {times} {self.beside.failed:7d} {self.peak_mb:8.0f}{state}"


HEADER = f"{'kind':12} {'alone p99':>10} {'beside p99':>11} {'ratio':>7} {'failed':>7} {'peak MB':>8}   (ms)"


async def well_behaved(port: int, duration_s: float) -> Turns:
    """Alternate typed turns over a WebSocket and over HTTP, and probes, each on a new connection."""
    taken_s: list[float] = []
    failed = 0
    end_s = time.perf_counter() + duration_s
    while time.perf_counter() < end_s:
        for act in (_turn, _command, _probe):
            begun_s = time.perf_counter()
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await act(port)
            except Exception:  # noqa: BLE001 - whatever keeps a client from its answer is counted
                failed += 1
            else:
                taken_s.append(time.perf_counter() - begun_s)
            await asyncio.sleep(_PAUSE_S)
    return Turns(tuple(taken_s), failed)


async def _turn(port: int) -> None:
    address = f"ws://127.0.0.1:{port}/ws/voice/simple"
    async with connect(address, origin=ORIGIN, additional_headers=_HONEST, max_size=None, proxy=None) as socket:  # type: ignore[arg-type]
        await socket.send(event("text", text="hello"))
        await _until_final(socket)


async def _until_final(socket: ClientConnection) -> None:
    while True:
        message = json.loads(await socket.recv())
        if message["event"] == "error":
            raise RuntimeError(message["data"]["code"])
        if message["event"] == "audio_chunk" and message["data"]["is_final"]:
            return


async def _command(port: int) -> None:
    async with httpx.AsyncClient(headers=_HONEST, timeout=_PATIENCE_S, trust_env=False) as http:
        answer = await http.post(f"http://127.0.0.1:{port}/api/voice/command", json={"command": "hello"})
        answer.raise_for_status()


async def _probe(port: int) -> None:
    async with httpx.AsyncClient(headers=_HONEST, timeout=_PATIENCE_S, trust_env=False) as http:
        (await http.get(f"http://127.0.0.1:{port}/health/ready")).raise_for_status()


@contextmanager
def attacking(kind: str, port: int) -> Iterator[None]:
    """Run an attacker in a separate process during the block."""
    program = [sys.executable, "-m", "tests.abuse", "attackers", "--attack", kind, "--port", str(port)]
    process = subprocess.Popen(program, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "begun"
        time.sleep(_LEAD_S)
        yield
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def measured(kind: str, served: Served, duration_s: float) -> Row:
    """Run ordinary turns alone, then beside the attacker."""
    asyncio.run(well_behaved(served.port, min(2.0, duration_s)))
    alone = asyncio.run(well_behaved(served.port, duration_s))
    with attacking(kind, served.port):
        beside = asyncio.run(well_behaved(served.port, duration_s))
    assert served.pid is not None
    status = Path(f"/proc/{served.pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    peaks = [int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")]
    return Row(kind, alone, beside, peaks[0] if peaks else 0.0, is_alive=bool(peaks))


def measure_all(
    kinds: Sequence[str], duration_s: float, environment: dict[str, str], tell: Callable[[Row], None]
) -> list[Row]:
    """Measure each kind with a new server."""
    rows = []
    for kind in kinds:
        own = _FAKES | _ENGINES.get(kind, {}) | environment
        with tempfile.TemporaryDirectory() as folder:
            places = {"RECORDINGS_DIR": f"{folder}/recordings"}
            with spawned(Path(folder), **own, **places) as served:
                until_answered(served)
                rows.append(measured(kind, served, duration_s))
                tell(rows[-1])
    return rows


def until_answered(served: Served) -> None:
    """Wait until a server answers."""
    transport = httpx.HTTPTransport(retries=3)
    with httpx.Client(transport=transport, timeout=_PATIENCE_S, trust_env=False) as http:
        http.get(f"{served.http}/health/live").raise_for_status()


async def _attack(kind: str, port: int) -> None:
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(10)
    print("begun", flush=True)
    await ATTACKS[kind](port)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `run` takes."""
    parser.add_argument("kinds", nargs="*", choices=[*ATTACKS, []], metavar="KIND", help=f"of {', '.join(ATTACKS)}")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each measurement takes (20)")
    parser.add_argument("--asr", help="the server's recognizer (fake; pocketsphinx for decoders)")
    parser.add_argument("--tts", help="the server's voice (fake; espeak for abandoned)")
    parser.add_argument("--most", type=float, default=2.0, help="the largest ratio that passes (2)")
    parser.add_argument("--attack", choices=ATTACKS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)


def run(given: argparse.Namespace) -> int:
    """Measure the chosen kinds and print the table. Returns 1 when a limit is exceeded."""
    if given.attack:
        asyncio.run(_attack(given.attack, given.port))
        return 0
    environment = {"VAD": "none", "LOG_LEVEL": "warning"}
    environment |= {name: value for name, value in (("ASR", given.asr), ("TTS", given.tts)) if value}
    print(HEADER, flush=True)
    rows = measure_all(given.kinds or [*ATTACKS], given.seconds, environment, lambda row: print(row, flush=True))
    return 0 if all(row.is_within(given.most) for row in rows) else 1
