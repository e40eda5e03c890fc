"""A minimal protocol client, cheap enough that many of them run beside the server."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Collection, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal

import websockets
from websockets.asyncio.client import ClientConnection

Mode = Literal["realtime", "continuous"]
"""`realtime`: the client ends its turns. `continuous`: the server detects their ends."""
ORIGIN = websockets.Origin("http://localhost:3000")
PATIENCE_S = 60.0
_PATH = "/ws/voice/simple"


@asynccontextmanager
async def running(work: Iterable[Coroutine[Any, Any, None]]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Run coroutines as tasks during the block; at its end, cancel them and wait until they have ended."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def wait_or_raise(tasks: Collection[asyncio.Task[None]], for_s: float | None) -> None:
    """Wait for a time in seconds (None: no limit), or until a task ends; raise its exception if it failed."""
    done, _ = await asyncio.wait(tasks, timeout=for_s, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


class Talker:
    """A connection with a session."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @classmethod
    @asynccontextmanager
    async def connect(cls, address: str, **init: Any) -> AsyncIterator[Talker]:
        """Connect. address: http://host:port of the server. init: the data of session_init."""
        async with open_socket(address) as socket:
            talker = cls(socket)
            await talker.send("init", **init)
            await talker.until("session_start")
            yield talker

    async def send(self, event: str, **data: Any) -> None:
        await self.socket.send(json.dumps({"event": event, "data": data}))

    async def receive(self) -> tuple[str, dict[str, Any]]:
        """Return the next event; TimeoutError if none arrives."""
        async with asyncio.timeout(PATIENCE_S):
            message = json.loads(await self.socket.recv())
        return message["event"], message["data"]

    async def until(self, event: str) -> dict[str, Any]:
        """Return the next event with that name; skips others."""
        while True:
            name, data = await self.receive()
            if name == event:
                return data

    async def listen(self, for_s: float) -> None:
        """Read events for a time in seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                while True:
                    await self.socket.recv()

    async def until_reply_ends(self) -> None:
        """Read until the final chunk of a reply."""
        while not (await self.until("audio_chunk"))["is_final"]:
            continue


def open_socket(address: str) -> websockets.connect:
    """The WebSocket connection to the server at http://host:port; nothing is sent yet."""
    url = address.replace("http", "ws", 1) + _PATH
    return websockets.connect(url, origin=ORIGIN, max_size=None, compression=None, proxy=None)


def chunk_frames(packets: Sequence[bytes]) -> list[str]:
    """Prebuilt text frames with Opus packets, none of them the last of a turn."""
    return [chunk_frame(packet, is_final=False) for packet in packets]


def chunk_frame(packet: bytes, *, is_final: bool) -> str:
    """A text frame with one Opus packet; an empty packet only ends the turn."""
    audio = base64.b64encode(packet).decode()
    return json.dumps({"event": "audio_chunk", "data": {"audio_chunk": audio, "format": "opus", "is_final": is_final}})
