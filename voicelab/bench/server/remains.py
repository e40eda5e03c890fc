"""What is left of clients that have gone: connections, tasks, threads, file descriptors, memory, faults in the log."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from voicelab.bench.server.findings import Finding
from voicelab.bench.server.good_clients import Session
from voicelab.bench.server.seeds import message
from voicelab.bench.server.watch import Vitals

_PATIENCE_S = 30.0
_LOOK_AGAIN_S = 0.5
_AT_ONCE = 40
MOST_GROWTH_MIB = 16.0
"""What the resident memory may be more than after the warm-up. See docs/server.md for what was measured."""
_FAULT = re.compile(r"^(ERROR|CRITICAL)\b|^Traceback|never (awaited|retrieved)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Remains:
    """A server's vitals before clients came, to be compared when they have gone."""

    address: str
    first: Vitals

    @classmethod
    async def before(cls, address: str) -> Self:
        """When nobody is connected; waits for those who still leave.

        The pool of database connections, which keeps what it once had to open, is filled first.
        """
        async with AsyncExitStack() as opened:
            sessions = [await opened.enter_async_context(Session.open(address)) for _ in range(_AT_ONCE)]
            await asyncio.gather(*(session.send(message("text", text="hello")) for session in sessions))
            await asyncio.gather(*(session.finish() for session in sessions))
        return cls(address, await settled(address, None))

    async def findings(self, part: str, most_growth_mib: float = MOST_GROWTH_MIB) -> list[Finding]:
        """What is more than it was, once all have left."""
        first, last = self.first, await settled(self.address, self.first)
        counted = [
            Finding(part, f"{what} more than before", max(0.0, now - then), "", round(now), most=0)
            for what, now, then in (
                ("connections", last.connections, first.connections),
                ("tasks", last.tasks, first.tasks),
                ("threads", last.threads, first.threads),
                ("file descriptors", last.fds, first.fds),
            )
        ]
        grown_mib = (last.rss_bytes - first.rss_bytes) / 2**20
        return [*counted, Finding(part, "resident memory: growth", grown_mib, "MiB", 1, most=most_growth_mib)]


async def settled(address: str, like: Vitals | None) -> Vitals:
    """The vitals once nobody is connected and nothing is more than in `like`, or else after half a minute."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        vitals = await Vitals.of(address)
        is_down = vitals.connections == 0 and (
            like is None
            or (vitals.tasks <= like.tasks and vitals.threads <= like.threads and vitals.fds <= like.fds)
        )  # fmt: skip
        if is_down or time.monotonic() > deadline:
            return vitals
        await asyncio.sleep(_LOOK_AGAIN_S)


def faults_in(log: Path) -> int:
    """How many lines of a server's log tell of a fault of its own."""
    return len(_FAULT.findall(log.read_text(encoding="utf-8", errors="replace")))
