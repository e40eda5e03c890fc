"""TCP connections that send arbitrary bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.support.serving import PATIENCE_S, Served


class Line:
    """A TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes, *, every_s: float | None = None) -> None:
        """Send at once or byte by byte; stop if the peer has closed."""
        for part in [data] if every_s is None else [data[place : place + 1] for place in range(len(data))]:
            if self.writer.is_closing():
                return
            self.writer.write(part)
            await asyncio.sleep(every_s or 0)

    async def answer(self) -> bytes:
        """Return everything received until the peer closes."""
        async with asyncio.timeout(PATIENCE_S):
            # Piece by piece: a reset, after sending to a closed socket, discards unread data.
            came = b""
            with suppress(ConnectionError):
                while piece := await self.reader.read(4096):
                    came += piece
            return came

    async def close(self) -> None:
        """Close the connection."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


async def open_line(served: Served, *, source: str = "127.0.0.1") -> Line:
    """A connection from this address of the machine."""
    return Line(*await asyncio.open_connection("127.0.0.1", served.port, local_addr=(source, 0)))


@asynccontextmanager
async def line(served: Served, *, source: str = "127.0.0.1") -> AsyncIterator[Line]:
    """A connection while the block runs."""
    opened = await open_line(served, source=source)
    try:
        yield opened
    finally:
        await opened.close()


def post(path: str, kind: str = "application/json", *, length: int, **headers: str) -> bytes:
    """The headers of a request with a body of this length."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
    return f"{head}{named}\r\n".encode()


def parsed(answer: bytes) -> tuple[int, dict[str, Any]]:
    """The status of a response, and the error in its JSON body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    found = json.loads(body)
    return int(head.split()[1]), found.get("detail") or found.get("error")


def connections(served: Served) -> int:
    """How many connections are not WebSockets."""
    assert served.server is not None
    return sum(isinstance(one, H11Protocol) for one in tuple(served.server.server_state.connections))
