"""Limits on request bodies: size, and nesting of JSON. Uploads stay in memory."""

import asyncio
import re
from contextlib import suppress

from starlette.formparsers import MultiPartParser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.refusal import HttpRefusal
from server.nesting import MOST_DEPTH, is_too_deep

UPLOADS = re.compile(r"/v1/audio/transcriptions|/app/api/recordings/[^/]+/takes")
"""The paths that accept a form with an audio file. All other bodies are small JSON."""
_FORM = b"multipart/form-data"
_FORM_BYTES = 65_536
"""Size allowed for the fields of a form besides its file."""
_PIECE_BYTES = 8192
"""Maximum size of a piece of a form. Parsing 64 KiB of line breaks at once would block the event loop for 50 ms."""
_LINGER_BYTES = 2**24
_LINGER_S = 2.0
"""Bytes and seconds for which the rest of a denied body is read and discarded."""


def keep_uploads_in_memory() -> None:
    """Keep uploads in memory. Starlette would write more than a megabyte to a temporary file, which stores speech."""
    MultiPartParser.spool_max_size = 0


class BodyLimit:
    """ASGI middleware that answers too large bodies with 413, and too deeply nested JSON with 400.

    most_bytes: limit of an upload. most_json_bytes: limit of any other body. Bytes beyond the limit are discarded.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, most_json_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._most_json_bytes = most_json_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = _is_upload(scope)
        if is_upload:
            body = _Body(self._most_bytes, "MAX_MESSAGE_BYTES", is_json=False)
        else:
            body = _Body(min(self._most_json_bytes, self._most_bytes), "MAX_JSON_BYTES", is_json=True)
        body.announce(scope)
        receive_piece = _in_pieces(receive) if is_upload else receive
        has_begun = False

        async def receive_some() -> Message:
            message = await receive_piece()
            body.add(message)
            return {"type": "http.disconnect"} if body.denial else message

        async def send_unless_denied(message: Message) -> None:
            nonlocal has_begun
            if has_begun or not body.denial:
                has_begun = True
                await send(message)

        if not body.denial:
            try:
                await self._app(scope, receive_some, send_unless_denied)
            except Exception:
                if not body.denial:
                    raise
        if body.denial and not has_begun:
            await _deny(body.denial, body.is_whole, scope, receive, send)


class _Body:
    """The body of one request while it arrives: JSON, or a form. denial: the reason to refuse it, once known."""

    def __init__(self, most_bytes: int, setting: str, *, is_json: bool) -> None:
        self.denial: HttpRefusal | None = None
        self.is_whole = False
        self._most_bytes = most_bytes if is_json else most_bytes + _FORM_BYTES
        self._message = f"the request holds more than {most_bytes} bytes ({setting})"
        self._is_json = is_json
        self._came = 0
        self._pieces: list[bytes] = []

    def announce(self, scope: Scope) -> None:
        """Check the Content-Length header."""
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        if any(value.isdigit() and int(value) > self._most_bytes for value in lengths):
            self._deny_size()

    def add(self, message: Message) -> None:
        """Check a part of the body."""
        piece = message.get("body", b"")
        self.is_whole = self.is_whole or (message["type"] == "http.request" and not message.get("more_body", False))
        self._came += len(piece)
        if self._came > self._most_bytes:
            self._deny_size()
        elif self._is_json and piece:
            self._pieces.append(piece)
            if self.is_whole:
                self._judge_json(b"".join(self._pieces))

    def _deny_size(self) -> None:
        self._pieces.clear()
        self.denial = HttpRefusal(413, "message_too_large", self._message, headers={"Connection": "close"})

    def _judge_json(self, body: bytes) -> None:
        # Python's parser also detects UTF-16 and UTF-32, in which is_too_deep would not find the brackets.
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            self.denial = HttpRefusal(400, "bad_json", "the body is not JSON in UTF-8")
        elif is_too_deep(text):
            message = f"the body is nested too deeply; at most {MOST_DEPTH} levels are accepted"
            self.denial = HttpRefusal(400, "bad_json", message)


def _in_pieces(receive: Receive) -> Receive:
    """Wrap `receive` to return a body in small pieces, between which other tasks run."""
    rest: Message | None = None

    async def receive_piece() -> Message:
        nonlocal rest
        if rest is None:
            message = await receive()
        else:
            await asyncio.sleep(0)
            message, rest = rest, None
        body = message.get("body", b"")
        if len(body) <= _PIECE_BYTES:
            return message
        rest = {**message, "body": body[_PIECE_BYTES:]}
        return {**message, "body": body[:_PIECE_BYTES], "more_body": True}

    return receive_piece


def _is_upload(scope: Scope) -> bool:
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return UPLOADS.fullmatch(scope["path"]) is not None and len(kinds) == 1 and kinds[0].lower().startswith(_FORM)


async def _deny(denial: HttpRefusal, is_whole: bool, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer, and discard the rest of an incomplete body for a moment.

    Closing a connection with unread bytes resets it, and a client that is still sending may never see the answer.
    """
    if is_whole:
        await denial.response(scope)(scope, receive, send)
        return

    async def send_all_but_the_end(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await denial.response(scope)(scope, receive, send_all_but_the_end)
    left, more = _LINGER_BYTES, True
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_S):
            while more and left > 0:
                message = await receive()
                more = message.get("more_body", False)
                left -= len(message.get("body", b""))
    await send({"type": "http.response.body"})
