"""Read a request body at the rate that its client's share of the event loop allows."""

import asyncio
from time import perf_counter

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from server.loop_share import LoopShare, Meter
from server.read_sizes import ReadSizes

_MOST_READ_BYTES = 64 * 1024
"""Maximum size of a socket read. asyncio's own 256 KiB is a large block (voicelab/engines/pool/allocator.py): mapping
and unmapping one for each packet of speech takes a thirtieth of the server's processor time."""


class PacedBodies(H11Protocol):
    """uvicorn's HTTP protocol, extended to pause reading a body while its client has used more than its share.

    The time of parsing counts already (`Meter`), but the app sees only whole pieces of a body: of one in chunks of one
    byte, the parser takes a hundred times as long as the app.
    """

    _share: LoopShare
    _resuming: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._meter = Meter(self._share)
        self._read_sizes = ReadSizes(transport, _MOST_READ_BYTES)

    def data_received(self, data: bytes) -> None:
        begun_s = perf_counter()
        super().data_received(data)
        self._meter.add(begun_s)
        if self.transport.get_protocol() is not self:
            return
        self._read_sizes.fit(perf_counter() - begun_s)
        is_in_body = self.conn.their_state is h11.SEND_BODY
        if is_in_body and not self.flow.read_paused and self._meter.is_over:
            # Also while the connection waits already: uvicorn reads again as soon as the app wants more of the body.
            self.flow.pause_reading()
            if self._resuming is None:
                self._resuming = self.loop.create_task(self._resume_in_turn())

    async def _resume_in_turn(self) -> None:
        await self._meter.turn()
        self._resuming = None
        if not self.transport.is_closing():
            self.flow.resume_reading()
