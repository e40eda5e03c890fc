"""The loop that reads one client: it never waits for a turn, so that an interrupt is seen while a reply is spoken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter

from starlette.websockets import WebSocket

from server.frames import read
from server.messages import ClientEvent, ErrorCode, Refused
from server.session.allowance import Allowance
from server.session.receive_queue import Arrival, ReceiveQueue
from server.settings import Settings

_AT_ONCE_S = 50e-6
"""A frame for which the loop did not wait is there sooner than this."""
_LOOKS = 10
"""How often within the limit is looked whether a turn is being answered."""


class MessageReader:
    """Turns frames into events and lays them in the inbox.

    is_answering: whether a turn is being answered.
    """

    def __init__(
        self,
        websocket: WebSocket,
        receive_queue: ReceiveQueue,
        settings: Settings,
        *,
        is_answering: Callable[[], bool],
    ) -> None:
        self._websocket = websocket
        self._receive_queue = receive_queue
        self._settings = settings
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
            event = self._event(frame)
            size = len(frame) if isinstance(frame, str) else 0
            self._receive_queue.put(Arrival(event, size, self._came_s))
            if (pause_s := self._allowance.pause_s(event, size)) > 0:
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

    def _event(self, frame: object) -> ClientEvent | Refused:
        if not isinstance(frame, str):
            return Refused(ErrorCode.BAD_MESSAGE, "expected a text frame with JSON in it; a binary frame came")
        try:
            settings = self._settings
            return read(frame, most_bytes=settings.max_message_bytes, most_json_bytes=settings.max_json_bytes)
        except Refused as refusal:
            return refusal
