"""What a request may bring along: so many bytes, which stay in memory."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.formparsers import MultiPartParser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.gate import Denial

_FORM_BYTES = 65_536
"""What the fields of a form take beside its file."""
_LINGER_BYTES = 2**24
_LINGER_S = 2.0
"""How much, and for how long, is thrown away of what still comes after a denial."""


def keep_uploads_in_memory() -> None:
    """Starlette lays what is longer than a megabyte into a temporary file: speech has no place on a disk."""
    MultiPartParser.spool_max_size = 0


class BodyLimit:
    """ASGI middleware: a body of more than most_bytes is a 413, and what is beyond is not kept."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        came, is_too_long, has_begun = 0, self._says_too_much(scope), False

        async def receive_some() -> Message:
            nonlocal came, is_too_long
            message = await receive()
            came += len(message.get("body", b""))
            is_too_long = is_too_long or came > self._most_bytes + _FORM_BYTES
            return {"type": "http.disconnect"} if is_too_long else message

        async def send_unless_too_long(message: Message) -> None:
            nonlocal has_begun
            if has_begun or not is_too_long:
                has_begun = True
                await send(message)

        if not is_too_long:
            try:
                await self._app(scope, receive_some, send_unless_too_long)
            except Exception:
                if not is_too_long:
                    raise
        if is_too_long and not has_begun:
            await self._deny(scope, receive, send)

    async def _deny(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and hear its sender out for a moment.

        A connection that is closed with bytes unread is reset, and whoever was still sending may never see the answer.
        """

        async def send_all_but_the_end(message: Message) -> None:
            await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

        await self._denial().response(scope["path"])(scope, receive, send_all_but_the_end)
        left, more = _LINGER_BYTES, True
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                while more and left > 0:
                    message = await receive()
                    more = message.get("more_body", False)
                    left -= len(message.get("body", b""))
        await send({"type": "http.response.body"})

    def _says_too_much(self, scope: Scope) -> bool:
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        return any(value.isdigit() and int(value) > self._most_bytes + _FORM_BYTES for value in lengths)

    def _denial(self) -> Denial:
        message = f"the request holds more than {self._most_bytes} bytes (MAX_MESSAGE_BYTES)"
        return Denial(413, "message_too_large", message, (("Connection", "close"),))
