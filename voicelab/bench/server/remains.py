"""What is left of clients that have gone: connections, tasks, threads, file descriptors, memory, faults in the log."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.opus import encode_ogg
from voicelab.bench.server.findings import Measurement
from voicelab.bench.server.good_clients import ClientSession
from voicelab.bench.server.seeds import message
from voicelab.bench.server.watch import Vitals

_PATIENCE_S = 30.0
_LOOK_AGAIN_S = 0.5
_GIVES_BACK_S = 2.5
_AT_ONCE = 40
MOST_GROWTH_MIB = 5.0
"""What the resident memory may be more than after the warm-up. See docs/reference/server.md for what was measured."""
_FAULT = re.compile(r"^(ERROR|CRITICAL)\b|^Traceback|never (awaited|retrieved)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Remains:
    """A server's vitals before clients came, to be compared when they have gone."""

    address: str
    first: Vitals

    @classmethod
    async def before(cls, address: str) -> Self:
        """When nobody is connected; waits for those who still leave.

        What keeps what it once had to open (database connections, threads) is filled first, by turns that are typed and
        turns that are files.
        """
        async with AsyncExitStack() as opened:
            sessions = [await opened.enter_async_context(ClientSession.open(address)) for _ in range(_AT_ONCE)]
            for turn in (message("text", text="hello"), _file()):
                await asyncio.gather(*(session.send(turn) for session in sessions))
                await asyncio.gather(*(session.finish() for session in sessions))
        return cls(address, await settled(address, None))

    async def findings(self, part: str, most_growth_mib: float = MOST_GROWTH_MIB) -> list[Measurement]:
        """What is more than it was, once all have left."""
        first, last = self.first, await settled(self.address, self.first)
        counted = [
            Measurement(part, f"{what} more than before", max(0.0, now - then), "", round(now), most=0)
            for what, now, then in (
                ("connections", last.connections, first.connections),
                ("tasks", last.tasks, first.tasks),
                ("threads", last.threads, first.threads),
                ("file descriptors", last.fds, first.fds),
            )
        ]
        grown_mib = (last.rss_bytes - first.rss_bytes) / 2**20
        return [*counted, Measurement(part, "resident memory: growth", grown_mib, "MiB", 1, most=most_growth_mib)]


def _file() -> dict[str, Any]:
    audio = base64.b64encode(encode_ogg(Clip(np.full(3200, 0.3, dtype=np.float32), SPEECH_RATE_HZ))).decode()
    return message("audio_chunk", audio_chunk=audio, format="opus", is_final=True)


async def settled(address: str, like: Vitals | None) -> Vitals:
    """The vitals once nobody is connected and nothing is more than in `like`, or else after half a minute.

    Then the server has had time to give back what memory it no longer uses.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        vitals = await Vitals.of(address)
        is_down = vitals.connections == 0 and (
            like is None
            or (vitals.tasks <= like.tasks and vitals.threads <= like.threads and vitals.fds <= like.fds)
        )  # fmt: skip
        if is_down or time.monotonic() > deadline:
            await asyncio.sleep(_GIVES_BACK_S)
            return await Vitals.of(address)
        await asyncio.sleep(_LOOK_AGAIN_S)


def faults_in(log: Path) -> int:
    """How many lines of a server's log tell of a fault of its own."""
    return len(_FAULT.findall(log.read_text(encoding="utf-8", errors="replace")))
