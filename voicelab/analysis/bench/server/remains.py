"""Measure leftovers of disconnected clients: connections, tasks, threads, file descriptors, memory."""

import asyncio
import base64
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from voicelab.analysis.bench.server.findings import Measurement
from voicelab.analysis.bench.server.talker import Talker
from voicelab.analysis.bench.server.watch import Vitals
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.opus import encode_ogg

_PATIENCE_S = 30.0
_LOOK_AGAIN_S = 0.5
_GIVES_BACK_S = 2.5
_AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class Remains:
    """A server's vitals before clients connect, for comparison after they disconnect."""

    address: str
    first: Vitals

    @classmethod
    async def before(cls, address: str) -> Self:
        """Read the vitals without clients; waits until all have disconnected.

        Typed turns and file turns run first, because they open database connections and threads that the server keeps.
        """
        await settled(address, None)
        async with AsyncExitStack() as opened:
            talkers = [await opened.enter_async_context(Talker.connect(address)) for _ in range(_AT_ONCE)]
            for event, data in (("text", {"text": "hello"}), ("audio_chunk", _file())):
                await asyncio.gather(*(talker.send(event, **data) for talker in talkers))
                await asyncio.gather(*(talker.until_reply_ends() for talker in talkers))
        return cls(address, await settled(address, None))

    async def findings(self, part: str, most_growth_mib: float) -> list[Measurement]:
        """The increases after all clients have disconnected."""
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
    return {"audio_chunk": audio, "format": "opus", "is_final": True}


async def settled(address: str, like: Vitals | None) -> Vitals:
    """Return the vitals when no client is connected and nothing exceeds `like`, at the latest after 30 s.

    By then the server has returned unused memory.
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
