"""Cancel the work of requests whose client has disconnected, and log one line."""

import asyncio
import logging
import re
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.refusal import HttpRefusal

logger = logging.getLogger(__name__)

WAITS_FOR_ENGINES = re.compile(r"/api/voice/command|/v1/audio/(transcriptions|speech)|/app/api/recordings/[^/]+/takes")
"""The paths whose work is cancelled. The others answer quickly, some of them in threads, which cannot be cancelled."""
_LONGEST_PATH = 100


class Departures:
    """ASGI middleware that cancels a request when its client disconnects before the response is complete.

    After the body has arrived, nothing else reads from the connection. Without this middleware a disconnect would go
    unnoticed, and the request would keep waiting for engines. Disconnects, and requests that are cancelled by the
    server's shutdown, are not errors of the server and do not log a traceback.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _WatchedRequest(self._app, scope, receive, send).run()
        else:
            await self._app(scope, receive, send)


class _WatchedRequest:
    """One request."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._scope = scope
        self._receive_from_client = receive
        self._send_to_client = send
        self._task: asyncio.Task[object] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._left = asyncio.Event()
        self._has_begun = False
        self._is_complete = False
        self._is_cancelled = False

    async def run(self) -> None:
        self._task = asyncio.current_task()
        try:
            await self._app(self._scope, self._receive, self._send)
        except ClientDisconnect:
            if not self._left.is_set():
                raise
        except asyncio.CancelledError:
            assert self._task is not None
            self._task.uncancel()
            if not self._is_cancelled:
                # The server is shutting down and no longer waits for this request.
                await self._end_with_the_server()
        finally:
            if self._watching is not None:
                self._watching.cancel()
            if self._left.is_set() and not self._is_complete:
                path = quote(self._scope["path"])[:_LONGEST_PATH]
                logger.info("the client of %s %s disconnected before the response", self._scope["method"], path)

    async def _end_with_the_server(self) -> None:
        if not self._has_begun:
            denial = HttpRefusal(
                503, "going_away", "the server is shutting down; connect again", headers={"Connection": "close"}
            )
            await denial.response(self._scope)(self._scope, self._receive, self._send)

    async def _receive(self) -> Message:
        if self._watching is not None:
            # The body is complete, so the next message can only be the disconnect.
            await self._left.wait()
            return {"type": "http.disconnect"}
        message = await self._receive_from_client()
        if message["type"] == "http.disconnect":
            self._left.set()
        elif not message.get("more_body", False) and WAITS_FOR_ENGINES.fullmatch(self._scope["path"]):
            self._watching = asyncio.create_task(self._watch())
        return message

    async def _send(self, message: Message) -> None:
        self._has_begun = True
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._is_complete = True
        await self._send_to_client(message)

    async def _watch(self) -> None:
        while (await self._receive_from_client())["type"] != "http.disconnect":
            pass
        self._left.set()
        if self._task is not None and not self._is_complete:
            self._is_cancelled = True
            self._task.cancel()
