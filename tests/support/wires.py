"""A connection whose bytes a test hands to uvicorn's protocols by itself."""

from __future__ import annotations

import asyncio
from typing import Any


class Wire(asyncio.Transport):
    """A connection whose client never closes it. reads: set unless the server has paused reading."""

    max_size = 2**18

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.reads = asyncio.Event()
        self.reads.set()
        self.written = b""
        self._protocol: asyncio.BaseProtocol | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.reads.clear()

    def resume_reading(self) -> None:
        self.reads.set()

    def get_write_buffer_size(self) -> int:
        return 0


class UsedUp:
    """The meter of a client that has used more than its share, until `is_next` is set."""

    def __init__(self) -> None:
        self.is_next = asyncio.Event()

    @property
    def is_over(self) -> bool:
        return not self.is_next.is_set()

    async def turn(self) -> None:
        await self.is_next.wait()

    def begin(self, scope: Any) -> None:
        pass

    def bind(self, *client: Any) -> None:
        pass

    def add(self, begun_s: float) -> None:
        pass
