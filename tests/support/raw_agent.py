"""An agent for maps: it sends scripted messages and records the received ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


@dataclass
class RawAgent:
    """greeting: sent when a connection opens. reply: sent once `sound_messages` messages with sound have come.

    sound_key: the key that marks a JSON message with sound; without it binary messages are sound.
    """

    greeting: Sequence[Any] = ()
    reply: Sequence[Any] = ()
    sound_messages: int = 20
    sound_key: str | None = None
    received: list[Any] = field(default_factory=list)
    sounds: list[Any] = field(default_factory=list)
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[RawAgent]:
        async with serve(self._talk, "127.0.0.1", 0) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            yield self

    async def _talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.path, self.headers = connection.request.path, connection.request.headers
        try:
            await self._send(connection, self.greeting)
            async for message in connection:
                if not self._is_sound(message):
                    self.received.append(json.loads(message) if str(message).startswith("{") else message)
                    continue
                self.sounds.append(message)
                if len(self.sounds) == self.sound_messages:
                    await self._send(connection, self.reply)
        except ConnectionClosed:
            pass

    def _is_sound(self, message: str | bytes) -> bool:
        if self.sound_key is None:
            return isinstance(message, bytes)
        return isinstance(message, str) and f'"{self.sound_key}"' in message

    async def _send(self, connection: ServerConnection, messages: Sequence[Any]) -> None:
        for message in messages:
            await connection.send(message if isinstance(message, str | bytes) else json.dumps(message))
            await asyncio.sleep(0.005)
