"""The loop that reads one client: it never waits for a turn, so that an interrupt is seen while a reply is spoken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter

from starlette.websockets import WebSocket

from server.dialects.base import Dialect, Received
from server.messages import ErrorCode, Refused
from server.session.allowance import Allowance
from server.session.receive_queue import Arrival, ReceiveQueue
from server.session.sender import Sender
from server.settings import Settings

_AT_ONCE_S = 50e-6
"""A frame for which the loop did not wait is there sooner than this."""
_LOOKS = 10
"""How often within the limit is looked whether a turn is being answered."""


class MessageReader:
    """Turns frames into events and queues them.

    is_answering: whether a turn is being answered.
    """

    def __init__(
        self,
        websocket: WebSocket,
        receive_queue: ReceiveQueue,
        settings: Settings,
        *,
        dialect: Dialect,
        sender: Sender,
        is_answering: Callable[[], bool],
    ) -> None:
        self._websocket = websocket
        self._receive_queue = receive_queue
        self._settings = settings
        self._dialect = dialect
        self._sender = sender
        self._is_answering = is_answering
        self._allowance = Allowance()
        self._came_s = perf_counter()

    async def run(self) -> None:
        """Until the client leaves; Refused when more waits than may."""
        while True:
            asked_s = perf_counter()
            message = await self._websocket.receive()
            self._came_s = perf_counter()
            if message["type"] == "websocket.disconnect":
                return
            frame = message.get("text")
            frame = message.get("bytes", b"") if frame is None else frame
            received = self._received(frame)
            if received.answers:
                await self._sender.send_frames(received.answers)
            if (pause_s := self._put(received, len(frame))) > 0:
                # What comes meanwhile waits in the network, and the client with it.
                await asyncio.sleep(pause_s)
            elif self._came_s - asked_s < _AT_ONCE_S:
                # uvicorn hands over all that one read of the socket brought without a pause; others want their turn too
                await asyncio.sleep(0)

    async def watch(self) -> None:
        """Raise Refused when the client was silent for too long; while a turn is answered it has nothing to say."""
        limit_s = self._settings.idle_timeout_s
        while (left_s := self._came_s + limit_s - perf_counter()) > 0:
            await asyncio.sleep(min(left_s, limit_s / _LOOKS))
            if self._is_answering():
                self._came_s = perf_counter()
        raise Refused(ErrorCode.IDLE, f"nothing was sent for {limit_s:g} s; a heartbeat keeps it open")

    def _received(self, frame: str | bytes) -> Received:
        try:
            return self._dialect.read(frame)
        except Refused as refusal:
            return Received((refusal,))

    def _put(self, received: Received, size: int) -> float:
        """Queue the events of a frame, and return for how long nothing more should be read."""
        if not received.events:
            return self._allowance.pause_for_answer_s(size)
        pause_s = 0.0
        for place, event in enumerate(received.events):
            of_frame = size if place == 0 else 0
            self._receive_queue.put(Arrival(event, of_frame, self._came_s))
            pause_s = max(pause_s, self._allowance.pause_s(event, of_frame))
        return pause_s
