"""uvicorn's WebSocket, with an end for clients that have stopped reading."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


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
