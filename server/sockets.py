"""uvicorn's WebSocket, with an end for clients that have stopped reading."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_SMALL_BYTES = 4096
_AHEAD = 16
"""How many small messages may wait to be taken before no more are read: a third of a second of speech."""


def socket_protocol(reader_timeout_s: float) -> type[WebSocketsSansIOProtocol]:
    """The protocol class: a frame that cannot leave for so long, or a close that cannot, ends the connection.

    uvicorn closes such a connection only once all has been sent, which a client that does not read puts off for ever:
    here what waits for it is thrown away. A client that reads nothing while little is sent answers no pings, and is
    given up by those; but one that still sends a frame cannot answer in the middle of it, and is waited for.
    """

    class Protocol(WebSocketsSansIOProtocol):
        close_timeout = reader_timeout_s
        _came_s = 0.0

        def data_received(self, data: bytes) -> None:
            self._came_s = self.loop.time()
            super().data_received(data)

        async def send(self, message: Any) -> None:
            try:
                async with asyncio.timeout(reader_timeout_s):
                    await super().send(message)
            except TimeoutError as error:
                self.transport.abort()
                raise ClientDisconnected from error
            if message["type"] == "websocket.close":
                self.loop.call_later(reader_timeout_s, self.transport.abort)

        def send_receive_event_to_app(self) -> None:
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

    return Protocol
