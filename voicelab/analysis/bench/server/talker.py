"""A client that knows only the wire, and costs so little that many of them fit beside the server."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

ORIGIN = websockets.Origin("http://localhost:3000")
PATIENCE_S = 60.0
_PATH = "/ws/voice/simple"


class Talker:
    """One connection that has begun its session."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @classmethod
    @asynccontextmanager
    async def connect(cls, address: str, **init: Any) -> AsyncIterator[Talker]:
        """address: the server's, as http://host:port. init: what the session is begun with."""
        async with open_socket(address) as socket:
            talker = cls(socket)
            await talker.send("init", **init)
            await talker.until("session_start")
            yield talker

    async def send(self, event: str, **data: Any) -> None:
        await self.socket.send(json.dumps({"event": event, "data": data}))

    async def receive(self) -> tuple[str, dict[str, Any]]:
        """The next event; TimeoutError when none comes."""
        async with asyncio.timeout(PATIENCE_S):
            message = json.loads(await self.socket.recv())
        return message["event"], message["data"]

    async def until(self, event: str) -> dict[str, Any]:
        """The next event of that name; all before it is passed over."""
        while True:
            name, data = await self.receive()
            if name == event:
                return data

    async def listen(self, for_s: float) -> None:
        """Take what comes, for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                while True:
                    await self.socket.recv()

    async def until_reply_ends(self) -> None:
        """Up to the final chunk of a reply."""
        while not (await self.until("audio_chunk"))["is_final"]:
            continue


def open_socket(address: str) -> websockets.connect:
    """The way in of the server at http://host:port; nothing is sent yet."""
    url = address.replace("http", "ws", 1) + _PATH
    return websockets.connect(url, origin=ORIGIN, max_size=None, compression=None, proxy=None)


def chunk_frames(packets: Sequence[bytes]) -> list[str]:
    """The text frames that carry Opus packets, none of them the last of its turn: made once, sent often."""
    return [chunk_frame(packet, is_final=False) for packet in packets]


def chunk_frame(packet: bytes, *, is_final: bool) -> str:
    """The text frame that carries one Opus packet, or, when it is empty, only the end of the turn."""
    audio = base64.b64encode(packet).decode()
    return json.dumps({"event": "audio_chunk", "data": {"audio_chunk": audio, "format": "opus", "is_final": is_final}})
