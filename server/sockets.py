"""uvicorn's WebSocket, with an end for clients that have stopped reading."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_READ_BYTES = 64 * 1024
_SMALL_READ_BYTES = 8 * 1024
"""How much of a socket is read at once: the first within a large frame, else the second. All frames of one read
are parsed before another connection has its turn, and 64 KiB can hold a thousand of them."""
_SMALL_BYTES = 4096
_AHEAD = 16
"""How many small messages may wait to be taken before no more are read: a third of a second of speech."""
_NOT_UTF8 = 1007
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def socket_protocol(reader_timeout_s: float) -> type[WebSocketsSansIOProtocol]:
    """The protocol class: a frame that cannot leave for so long, or a close that cannot, ends the connection.

    uvicorn closes such a connection only once all has been sent, which a client that does not read puts off for ever:
    here what waits for it is thrown away. A client that reads nothing while little is sent answers no pings, and is
    given up by those; but one that still sends a frame cannot answer in the middle of it, and is waited for.
    """

    class WebSocketProtocol(WebSocketsSansIOProtocol):
        close_timeout = reader_timeout_s
        _came_s = 0.0

        def data_received(self, data: bytes) -> None:
            self._came_s = self.loop.time()
            super().data_received(data)
            with suppress(AttributeError):  # it is asyncio's own, which other loops do not have
                is_in_large_frame = len(self.conn.reader.buffer) > _SMALL_READ_BYTES // 2
                self.transport.max_size = _READ_BYTES if is_in_large_frame else _SMALL_READ_BYTES  # type: ignore[attr-defined]
            if self.conn.handshake_exc is not None and not self.handshake_initiated:
                self._refuse()

        def _refuse(self) -> None:
            """Answer a handshake that cannot be read, such as one of too many headers; uvicorn leaves it unanswered."""
            if not self.transport.is_closing():
                self.transport.write(b"".join(self.conn.data_to_send()) or _BAD_REQUEST)
                self.transport.close()

        def send_receive_event_to_app(self) -> None:
            # uvicorn closes for it as well, with a traceback in the log: a client must not be able to fill that.
            if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(self.frames):
                self.frames = []
                self.conn.send_close(_NOT_UTF8)
                self.handle_parser_exception()
            else:
                self._hand_on()

        async def send(self, message: Any) -> None:
            try:
                async with asyncio.timeout(reader_timeout_s):
                    await self.writable.wait()
                    if self.handshake_complete and self.close_sent and self.initial_response is None:
                        # It was closed for what the client sent meanwhile; uvicorn takes that for the app's fault.
                        raise ClientDisconnected
                    if message["type"] == "websocket.accept" and self.transport.is_closing():
                        raise ClientDisconnected
                    await super().send(message)
            except TimeoutError as error:
                self.transport.abort()
                raise ClientDisconnected from error
            if self.initial_response is not None and self.close_sent:
                # Denied is answered; uvicorn would log a fault when the client is slower to go than the app.
                self.handshake_complete = True
            if message["type"] == "websocket.close":
                self.loop.call_later(reader_timeout_s, self.transport.abort)

        def _hand_on(self) -> None:
            # uvicorn stops reading at every message until it is taken, with two system calls each. Ours are taken at
            # once and kept within a limit, so that it need only stop where a client is ahead.
            is_small = sum(map(len, self.frames)) < _SMALL_BYTES and self.queue.qsize() < _AHEAD
            if self.read_paused or not is_small:
                super().send_receive_event_to_app()
            else:
                self.read_paused = True
                super().send_receive_event_to_app()
                self.read_paused = False

        def keepalive_timeout(self) -> None:
            silent_s = self.loop.time() - self._came_s
            if self.conn.reader.buffer and silent_s < reader_timeout_s:
                self.pong_timer = self.loop.call_later(reader_timeout_s - silent_s, self.keepalive_timeout)
                return
            super().keepalive_timeout()
            self._let_go()

        def shutdown(self) -> None:
            super().shutdown()
            self._let_go()

        def _let_go(self) -> None:
            if self.transport.get_write_buffer_size():
                self.transport.abort()

    return WebSocketProtocol


def _is_utf8(parts: list[bytes]) -> bool:
    try:
        b"".join(parts).decode()
    except UnicodeDecodeError:
        return False
    return True
