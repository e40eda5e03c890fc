"""A voice server that answers every turn without recognition, and fails on request."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from voicelab.audio.clip import Clip
from voicelab.audio.codecs import encode

_ENGINES = [
    {"kind": kind, "name": "fragile", "options": {}, "revision": "1", "device": "cpu", "licence": "", "load_s": 0.0,
     "lanes": 1}
    for kind in ("asr", "agent", "tts")
]  # fmt: skip
_REPLY = encode(Clip.from_pcm16(b"\x10\x20" * 2400, 24_000), "opus")

Misbehave = Callable[["FragileServer", int], str]
"""Maps the server and the number of the turn, from 1, to an action: answer, drop, silence or stop."""


class FragileServer:
    """Use it with `with`. It runs in a thread, so that blocking runs can talk to it.

    `turns` counts the turns that were sent to it. `stop` closes it with all connections, `start` opens it again on the
    same port.
    """

    def __init__(self, misbehave: Misbehave = lambda _server, _turn: "answer") -> None:
        self.turns = 0
        self.sessions: set[str] = set()
        self._misbehave = misbehave
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._server: Server | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()

    def back_after(self, delay_s: float) -> None:
        """Reopen after a delay; call it from `misbehave`, which runs in the server's loop."""
        self._loop.call_later(delay_s, lambda: self._loop.create_task(self._start()))

    async def _start(self) -> None:
        self._server = await serve(self._hold, "127.0.0.1", self._port, process_request=_engines)

    async def _stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            for connection in list(server.connections):
                connection.transport.abort()
            server.close(close_connections=False)
            await server.wait_closed()

    async def _hold(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await self._talk(connection)

    async def _talk(self, connection: ServerConnection) -> None:
        async for text in connection:
            message: dict[str, Any] = json.loads(text)
            if message["event"] == "init":
                asked = message["data"]["session_id"]
                if asked is not None and asked not in self.sessions:
                    await _send(connection, "error", code="unknown_session", message="no such session")
                    continue
                session = asked or f"session-{len(self.sessions)}"
                self.sessions.add(session)
                await _send(connection, "session_start", session_id=session)
            elif message["data"]["is_final"]:
                self.turns += 1
                await self._take(connection, self._misbehave(self, self.turns))

    async def _take(self, connection: ServerConnection, how: str) -> None:
        if how == "drop":
            connection.transport.abort()
        elif how == "stop":
            self._loop.create_task(self._stop())
        elif how == "answer":
            await _send(connection, "transcription", text=f"turn {self.turns}")
            await _send(connection, "agent_response", text="yes", intent="other", entities=[])
            sound = base64.b64encode(_REPLY).decode()
            await _send(connection, "audio_chunk", audio_chunk=sound, is_final=True)


async def _send(connection: ServerConnection, event: str, **data: object) -> None:
    await connection.send(json.dumps({"event": event, "data": data}))


def _engines(_connection: ServerConnection, request: Request) -> Response | None:
    if request.path != "/":
        return None
    body = json.dumps({"status": "ready", "engines": _ENGINES}).encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body))})
    return Response(HTTPStatus.OK, "OK", headers, body)
