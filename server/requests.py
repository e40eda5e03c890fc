"""uvicorn's HTTP, with an end for requests that never come whole."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_TIMEOUT = "request_timeout"
TOO_MANY_CONNECTIONS = "too_many_connections"
_READ_BYTES = 64 * 1024
"""How much asyncio makes room for, each time a socket is read. Its own 256 KiB are a large block (voicelab/heap.py): to
map and give back one for each packet of speech takes a thirtieth of what the server does."""


def request_protocol(request_timeout_s: float, reader_timeout_s: float, most: int) -> type[H11Protocol]:
    """The protocol class: every connection speaks it until it becomes a WebSocket.

    A request must have its head within request_timeout_s, and its body must not stand still for so long; a slow body
    may take its time. An answer that the client does not take for reader_timeout_s ends the connection too. What comes
    while there are `most` such connections is closed at once: each costs a descriptor before it asks for anything.
    """
    present: set[H11Protocol] = set()

    class Protocol(H11Protocol):
        _overdue: asyncio.TimerHandle | None = None
        _unread: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            with suppress(AttributeError):  # it is asyncio's own, which other loops do not have
                transport.max_size = _READ_BYTES  # type: ignore[attr-defined]
            present.add(self)
            if len(present) > most:
                message = f"all {most} connections that are no WebSockets are taken; try again later"
                self.transport.write(self._closing_answer(503, TOO_MANY_CONNECTIONS, message, ("retry-after", "10")))
                self.transport.close()
                self._expect_reading()
            else:
                self._expect()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.transport.get_protocol() is not self:
                # It has become a WebSocket.
                present.discard(self)
                self._expect_nothing()
            elif self.conn.their_state is h11.SEND_BODY:
                self._expect()
            elif self.conn.their_state is not h11.IDLE:
                self._expect_nothing()
            elif self._overdue is None:
                # The bytes are the beginning of a head, whose end is due then, however many more come until then.
                self._expect()

        def connection_lost(self, exc: Exception | None) -> None:
            present.discard(self)
            self._expect_nothing()
            super().connection_lost(exc)
            self.resume_writing()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.transport.get_write_buffer_size():
                self._expect_reading()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._expect_reading()

        def resume_writing(self) -> None:
            if self._unread is not None:
                self._unread.cancel()
                self._unread = None
            super().resume_writing()

        def _expect_reading(self) -> None:
            if self._unread is None:
                self._unread = self.loop.call_later(reader_timeout_s, self._let_go)

        def _let_go(self) -> None:
            self._unread = None
            if self.transport.get_write_buffer_size():
                self.transport.abort()

        def _expect(self) -> None:
            self._expect_nothing()
            self._overdue = self.loop.call_later(request_timeout_s, self._give_up)

        def _expect_nothing(self) -> None:
            if self._overdue is not None:
                self._overdue.cancel()
                self._overdue = None

        def _give_up(self) -> None:
            if self.flow.read_paused:
                # It is not the client that is slow.
                self._expect()
                return
            is_begun = self.conn.their_state is h11.SEND_BODY or bool(self.conn.trailing_data[0])
            if is_begun and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                message = f"the request did not come whole: nothing more of it for {request_timeout_s:g} s"
                self.transport.write(self._closing_answer(408, REQUEST_TIMEOUT, message))
            if self.cycle is not None:
                # What still answers it must not write behind that.
                self.cycle.disconnected = True
            self.transport.close()
            self._expect_reading()

        def _closing_answer(self, status: int, code: str, message: str, *more: tuple[str, str]) -> bytes:
            body = json.dumps({"detail": {"code": code, "message": message}}).encode()
            length = ("content-length", str(len(body)))
            headers = [("content-type", "application/json"), length, ("connection", "close"), *more]
            head = h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode())
            events = (head, h11.Data(data=body), h11.EndOfMessage())
            return b"".join(self.conn.send(event) or b"" for event in events)

    return Protocol
