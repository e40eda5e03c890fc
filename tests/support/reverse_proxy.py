"""A small reverse proxy like nginx with `location /prefix/ { proxy_pass … }`: HTTP/1.1 and WebSockets."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress


@contextmanager
def proxying(port: int, prefix: str, *, strips: bool = True, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve the server at 127.0.0.1:port below a prefix; yields the URL.

    strips: whether the prefix is removed before the request is forwarded. headers: replace the request's headers of the
    same names.
    """
    proxy = _Proxy(port, prefix, strips, headers or {})
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(proxy.accept, "127.0.0.1", 0), loop).result()
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{prefix}"
        finally:
            asyncio.run_coroutine_threadsafe(proxy.stop(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Proxy:
    def __init__(self, port: int, prefix: str, strips: bool, headers: Mapping[str, str]) -> None:
        self._port = port
        self._prefix = prefix
        self._strips = strips
        self._headers = headers
        self._writers: list[asyncio.StreamWriter] = []

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection in a task. Not a coroutine: one that is cancelled before it begins would not close it."""
        self._writers.append(writer)
        asyncio.ensure_future(self._serve(reader, writer))  # noqa: RUF006 - stop() gathers all tasks of the loop

    async def stop(self, server: asyncio.Server) -> None:
        """Close every connection. Otherwise it would be collected after the end of its loop."""
        server.close()
        while serving := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)
        for writer in self._writers:
            await _close(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward a request; then copy both directions until one of them ends."""
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
            method, path, rest = head.split(" ", 2)
            if not path.startswith(self._prefix + "/"):
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
            else:
                inward = path.removeprefix(self._prefix) if self._strips else path
                await self._pass_on(f"{method} {inward} {self._with_headers(rest)}", reader, writer)
        await _close(writer)

    async def _pass_on(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(server_writer)
        server_writer.write(head.encode("latin1"))
        copying = [
            asyncio.create_task(_copy(reader, server_writer)),
            asyncio.create_task(_copy(server_reader, writer)),
        ]
        try:
            await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in copying:
                task.cancel()
            await asyncio.gather(*copying, return_exceptions=True)
            await _close(server_writer)

    def _with_headers(self, head: str) -> str:
        if "upgrade:" not in head.lower():
            head = re.sub(r"(?im)^connection:[^\r]*\r\n", "", head).replace("\r\n", "\r\nConnection: close\r\n", 1)
        for name, value in self._headers.items():
            head = re.sub(rf"(?im)^{name}:[^\r]*\r\n", "", head).replace("\r\n", f"\r\n{name}: {value}\r\n", 1)
        return head


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
