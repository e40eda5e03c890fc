"""The loop that reads one client: it never waits for a turn, so that an interrupt is seen while a reply is spoken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter

from starlette.websockets import WebSocket

from server.frames import read
from server.messages import ClientEvent, ErrorCode, Heartbeat, Refused
from server.session.inbox import Arrival, Inbox
from server.settings import Settings


class Reader:
    """Turns frames into events and lays them in the inbox.

    is_answering: whether a turn is being answered; pulse: answers a heartbeat.
    """

    def __init__(
        self,
        websocket: WebSocket,
        inbox: Inbox,
        settings: Settings,
        *,
        is_answering: Callable[[], bool],
        pulse: Callable[[], Awaitable[None]],
    ) -> None:
        self._websocket = websocket
        self._inbox = inbox
        self._settings = settings
        self._is_answering = is_answering
        self._pulse = pulse

    async def run(self) -> None:
        """Until the client leaves. Refused when the connection must end: it is idle, or too much waits."""
        while (message := await self._receive())["type"] != "websocket.disconnect":
            frame = message.get("text")
            event = self._event(frame)
            size = len(frame) if isinstance(frame, str) else 0
            if isinstance(event, Heartbeat) and self._is_answering():
                await self._pulse()
            else:
                self._inbox.put(Arrival(event, size, perf_counter()))
            # uvicorn hands over all that one read of the socket brought without a pause: others want their turn too.
            await asyncio.sleep(0)

    async def _receive(self) -> dict[str, object]:
        """The next message. While a turn is answered a client has nothing to say, and may be silent."""
        while True:
            try:
                async with asyncio.timeout(self._settings.idle_timeout_s):
                    return dict(await self._websocket.receive())
            except TimeoutError as error:
                if self._is_answering():
                    continue
                message = f"nothing was sent for {self._settings.idle_timeout_s:g} s; a heartbeat keeps it open"
                raise Refused(ErrorCode.IDLE, message) from error

    def _event(self, frame: object) -> ClientEvent | Refused:
        if not isinstance(frame, str):
            return Refused(ErrorCode.BAD_MESSAGE, "expected a text frame with JSON in it; a binary frame came")
        try:
            return read(frame, most_bytes=self._settings.max_message_bytes)
        except Refused as refusal:
            return refusal
