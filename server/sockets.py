"""uvicorn's WebSocket protocol, extended to drop clients that have stopped reading."""

import asyncio
from time import perf_counter
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from server.loop_share import LoopShare, Meter
from server.read_sizes import ReadSizes

_READ_BYTES = 64 * 1024
_SMALL_READ_BYTES = 8 * 1024
"""Size of a socket read within a large frame, and otherwise. The event loop parses all frames of one read before it
serves another connection, and 64 KiB can hold a thousand frames."""
_SMALL_BYTES = 4096
_AHEAD = 16
"""Number of small messages that may be queued before reading pauses: a third of a second of speech."""
_NOT_UTF8 = 1007
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Frames(WebSocketsSansIOProtocol):
    """uvicorn's protocol, extended to bound the memory that fragments and pings take, and to read again in turn."""

    _meter: Meter
    _resuming: asyncio.Task[None] | None = None

    async def _resume_in_turn(self) -> None:
        await self._meter.turn()
        self._resuming = None
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def handle_cont(self, event: Frame) -> None:
        # In one buffer: a list of fragments takes up to 100 times the memory of their bytes, and a client can send
        # any number of empty ones.
        self.frames[0] += event.data
        if event.fin:
            self.frames[0] = bytes(self.frames[0])
            self.send_receive_event_to_app()

    def handle_text(self, event: Frame) -> None:
        super().handle_text(event)
        self._buffer_fragments(event)

    def handle_bytes(self, event: Frame) -> None:
        super().handle_bytes(event)
        self._buffer_fragments(event)

    def _buffer_fragments(self, first: Frame) -> None:
        if not first.fin:
            self.frames[0] = bytearray(first.data)  # type: ignore[call-overload]

    def handle_ping(self) -> None:
        # The pongs of a client that does not read would fill the memory.
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()


def socket_protocol(reader_timeout_s: float, share: LoopShare) -> type[WebSocketsSansIOProtocol]:
    """Return a protocol class that aborts a connection when a frame or a close cannot be sent for this many seconds.

    uvicorn closes such a connection only after sending all buffered data, so a client that does not read keeps it open
    forever; here the buffer is discarded. If little is sent, missing pongs reveal the client. A client in the middle of
    sending a frame, or whose frames the server leaves unread for now, cannot answer a ping and gets more time.
    """

    class WebSocketProtocol(_Frames):
        close_timeout = reader_timeout_s
        _came_s = 0.0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._meter = Meter(share)
            self._read_sizes = ReadSizes(transport, _SMALL_READ_BYTES)

        def data_received(self, data: bytes) -> None:
            self._came_s = self.loop.time()
            begun_s = perf_counter()
            super().data_received(data)
            self._meter.add(begun_s)
            is_in_large_frame = len(self.conn.reader.buffer) > _SMALL_READ_BYTES // 2
            self._read_sizes.fit(perf_counter() - begun_s, at_least=_READ_BYTES if is_in_large_frame else 0)
            if self.conn.handshake_exc is not None and not self.handshake_initiated:
                self._refuse()
            # Messages wait for their turn in `receive`; pings, pongs and incomplete messages wait only here.
            if self._resuming is None and not self.read_paused and self._meter.is_over:
                self.transport.pause_reading()
                self._resuming = self.loop.create_task(self._resume_in_turn())

        async def run_asgi(self) -> None:
            self._meter.begin(self.scope)
            await super().run_asgi()

        def _refuse(self) -> None:
            """Answer an invalid handshake, for example one with too many headers. uvicorn does not answer it."""
            if not self.transport.is_closing():
                self.transport.write(b"".join(self.conn.data_to_send()) or _BAD_REQUEST)
                self.transport.close()

        def send_receive_event_to_app(self) -> None:
            # uvicorn would close the connection too, but with a traceback, so that clients could fill the log.
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
                        # A message of the client closed it in the meantime; uvicorn would report an error of the app.
                        raise ClientDisconnected
                    if message["type"] == "websocket.accept" and self.transport.is_closing():
                        raise ClientDisconnected
                    await super().send(message)
            except TimeoutError as error:
                self.transport.abort()
                raise ClientDisconnected from error
            if self.initial_response is not None and self.close_sent:
                # The denial was sent; uvicorn would log an error if the client disconnects after the app has finished.
                self.handshake_complete = True
            if message["type"] == "websocket.close":
                self.loop.call_later(reader_timeout_s, self.transport.abort)

        def _hand_on(self) -> None:
            # uvicorn pauses reading after each message until the app receives it, which takes two system calls. The app
            # receives at once and limits its queue, so reading has to pause only when a client is ahead.
            is_small = sum(map(len, self.frames)) < _SMALL_BYTES and self.queue.qsize() < _AHEAD
            if self.read_paused or not is_small:
                super().send_receive_event_to_app()
            else:
                self.read_paused = True
                super().send_receive_event_to_app()
                self.read_paused = False

        def keepalive_timeout(self) -> None:
            is_waiting = self._resuming is not None
            silent_s = 0.0 if is_waiting else self.loop.time() - self._came_s
            if (is_waiting or self.conn.reader.buffer) and silent_s < reader_timeout_s:
                self.pong_timer = self.loop.call_later(reader_timeout_s - silent_s, self.keepalive_timeout)
                return
            super().keepalive_timeout()
            self._abort_if_unsent()

        def shutdown(self) -> None:
            super().shutdown()
            self._abort_if_unsent()

        def _abort_if_unsent(self) -> None:
            if self.transport.get_write_buffer_size():
                self.transport.abort()

    return WebSocketProtocol


def _is_utf8(parts: list[bytes]) -> bool:
    try:
        b"".join(parts).decode()
    except UnicodeDecodeError:
        return False
    return True
