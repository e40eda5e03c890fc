"""A client that sends arbitrary bytes, and parses the server's bytes strictly."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.abuse.frames import Opcode, frame

_LONGEST_HEAD = 65_536


class Violation(Exception):  # noqa: N818 - what a server must not do, not a fault of ours
    """The server violated a guarantee; the text says which."""


class ServerGone(BaseException):
    """The server is gone. Not an Exception, because a search for the shortest input must stop then."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of a connection: code and reason of the close frame; None and "" without one."""

    code: int | None
    reason: str


class RawSocket:
    """A TCP connection. in_frame: held while a frame is written in parts, so that no pong is inserted."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.in_frame = asyncio.Lock()
        self._has_ended = False
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, address: str, *, receive_bytes: int | None = None) -> RawSocket:
        """Connect to the server at http://host:port. Raises ServerGone if there is none.

        receive_bytes: size of the system's receive buffer; None: the default.
        """
        parts = urlsplit(address)
        way = socket.socket()
        way.setblocking(False)
        way.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_bytes is not None:
            way.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        try:
            await asyncio.get_running_loop().sock_connect(way, (parts.hostname, parts.port))
        except OSError as error:
            way.close()
            raise ServerGone(f"nobody listens at {address}: {error}") from error
        reader, writer = await asyncio.open_connection(sock=way, limit=_LONGEST_HEAD)
        return cls(reader, writer)

    async def write(self, data: bytes) -> None:
        """Send these bytes. Ignores a server that has closed, which is detected on reading."""
        if self._has_ended or self._writer.transport.is_closing():
            return
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError:
            return

    async def answer(self) -> tuple[int, bytes] | None:
        """Return status and body of an HTTP response (101: no body); None if the connection closed without one."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError):
            return None
        except asyncio.LimitOverrunError as error:
            raise Violation("the head of an HTTP answer has no end") from error
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
            raise Violation(f"no HTTP answer: {lines[0][:200]!r}")
        status, lengths = int(words[1]), [line for line in lines if line.lower().startswith("content-length:")]
        if status == 101 or not lengths:
            return status, b""
        try:
            return status, await self._reader.readexactly(int(lengths[0].partition(":")[2]))
        except (OSError, asyncio.IncompleteReadError):
            return status, b""

    async def receive(self) -> str | Closed:
        """The next text message, or how the connection ended. Pings are answered.

        Violation for a frame that no server may send.
        """
        while True:
            try:
                opcode, payload = await self._frame()
            except (OSError, asyncio.IncompleteReadError):
                return Closed(None, "")
            if opcode == Opcode.PING:
                async with self.in_frame:
                    await self.write(frame(payload, Opcode.PONG))
            elif opcode == Opcode.CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if payload else None
                return Closed(code, payload[2:].decode())
            elif opcode == Opcode.TEXT:
                return payload.decode()

    async def _frame(self) -> tuple[int, bytes]:
        first, second = await self._reader.readexactly(2)
        opcode, length = first & 0x0F, second
        if first & 0xF0 != 0x80 or opcode not in (Opcode.TEXT, Opcode.CLOSE, Opcode.PING, Opcode.PONG) or second > 127:
            raise Violation(f"the server sent a frame that begins with {first:02x} {second:02x}")
        if length >= 126:
            length = int.from_bytes(await self._reader.readexactly(2 if length == 126 else 8), "big")
        return opcode, await self._reader.readexactly(length)

    def half_close(self) -> None:
        """Half-close the connection; pings are no longer answered."""
        self._has_ended = True
        if not self._writer.transport.is_closing():
            try:
                self._writer.write_eof()
            except OSError:
                return

    def pause_reading(self) -> None:
        """Stop reading."""
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    def resume_reading(self) -> None:
        """Resume reading."""
        self._writer.transport.resume_reading()  # type: ignore[attr-defined]

    def vanish(self) -> None:
        """Abort the connection, like a client that lost its network."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close it in any state."""
        self._writer.transport.abort()
        try:
            await self._writer.wait_closed()
        except OSError:
            return
