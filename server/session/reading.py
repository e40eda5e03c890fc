"""Read a client's messages. The loop does not wait for turns, so that interrupts are seen during a reply."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from starlette.websockets import WebSocket

from server.dialects.base import Dialect, Received
from server.messages import ErrorCode, Refused
from server.session.allowance import Allowance
from server.session.receive_queue import Arrival, ReceiveQueue
from server.session.sender import Sender
from server.settings import Settings

_AT_ONCE_S = 50e-6
"""A frame that was already buffered is returned faster than this."""
_LOOKS = 10
"""Number of idle checks within IDLE_TIMEOUT_S."""


@dataclass(eq=False, repr=False)
class MessageReader:
    """Parse frames into events and queue them. is_answering: whether a turn is being answered."""

    websocket: WebSocket
    receive_queue: ReceiveQueue
    settings: Settings
    dialect: Dialect
    sender: Sender
    is_answering: Callable[[], bool]

    def __post_init__(self) -> None:
        self._allowance = Allowance()
        self._came_s = perf_counter()

    async def run(self) -> None:
        """Read until the client disconnects. Raises Refused when the receive queue is full."""
        while True:
            asked_s = perf_counter()
            message = await self.websocket.receive()
            self._came_s = perf_counter()
            if message["type"] == "websocket.disconnect":
                return
            frame = message.get("text")
            frame = message.get("bytes", b"") if frame is None else frame
            received = self._received(frame)
            if received.answers:
                await self.sender.send_frames(received.answers)
            if (pause_s := self._put(received, len(frame))) > 0:
                # Unread messages fill the network buffers and slow the client down.
                await asyncio.sleep(pause_s)
            elif self._came_s - asked_s < _AT_ONCE_S:
                # uvicorn returns all frames of one socket read without yielding; let other connections run.
                await asyncio.sleep(0)

    async def watch(self) -> None:
        """Raise Refused when the client sends nothing for too long. Time during an answer does not count."""
        limit_s = self.settings.idle_timeout_s
        while (left_s := self._came_s + limit_s - perf_counter()) > 0:
            await asyncio.sleep(min(left_s, limit_s / _LOOKS))
            if self.is_answering():
                self._came_s = perf_counter()
        raise Refused(ErrorCode.IDLE, f"nothing was sent for {limit_s:g} s (IDLE_TIMEOUT_S); send heartbeats")

    def _received(self, frame: str | bytes) -> Received:
        try:
            return self.dialect.read(frame)
        except Refused as refusal:
            return Received((refusal,))

    def _put(self, received: Received, size: int) -> float:
        """Queue the events of a frame. Returns the seconds to pause reading."""
        pause_s = 0.0 if received.events else self._allowance.pause_s(None, size)
        for index, event in enumerate(received.events):
            event_size = size if index == 0 else 0
            self.receive_queue.put(Arrival(event, event_size, self._came_s))
            pause_s = max(pause_s, self._allowance.pause_s(event, event_size))
        return pause_s
