"""The way out to one client."""

from __future__ import annotations

import asyncio
from math import inf
from time import perf_counter

from starlette.websockets import WebSocket, WebSocketDisconnect

from server.messages import Refused
from server.outgoing import ErrorEvent, ServerEvent
from server.session.config import SessionConfig

_ABNORMAL = 1006


class Sender:
    """Sends events one at a time, in the order of the calls; each call returns when its frame has left.

    Whoever sends waits, so what lies here is never more than one frame for each task of the connection. A call that is
    cancelled before its frame began to leave puts nothing on the wire: so an old turn's chunks cannot come late.
    """

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._one_at_a_time = asyncio.Lock()
        self._gone = False

    async def send(self, event: ServerEvent) -> None:
        """Raises WebSocketDisconnect when the client is gone or has stopped reading."""
        frame = event.frame()
        async with self._one_at_a_time:
            if self._gone:
                raise WebSocketDisconnect(_ABNORMAL)
            try:
                await self._websocket.send_text(frame)
            except WebSocketDisconnect:
                self._gone = True
                raise

    async def tell(self, refusal: Refused, config: SessionConfig, turn_id: str | None = None) -> None:
        """Send an error; turn_id: the turn that it ended."""
        session_id, shown = config.session_id or None, config.shown(turn_id)
        await self.send(ErrorEvent(code=refusal.code, message=refusal.message, session_id=session_id, turn_id=shown))


class PlaybackPacer:
    """Lets a reply run at most lead_s ahead of the ear; with None it holds nothing back.

    The ear hears what was sent as it comes, a second in a second, and waits where nothing has come. sent_s: how much of
    the reply has left. until_s: when, by the performance counter, the ear has heard all of that.
    """

    def __init__(self, lead_s: float | None) -> None:
        self._lead_s = lead_s
        self.sent_s = 0.0
        self.until_s = -inf

    async def wait(self, starts_s: float) -> None:
        """Until the sound that starts at starts_s may leave."""
        if self._lead_s is None:
            return
        early_s = self.until_s - (self.sent_s - starts_s) - self._lead_s - perf_counter()
        if early_s > 0:
            await asyncio.sleep(early_s)

    def left(self, ends_s: float) -> None:
        """The reply has left up to ends_s."""
        self.until_s = max(self.until_s, perf_counter()) + ends_s - self.sent_s
        self.sent_s = ends_s

    def heard_s(self, at_s: float) -> float:
        """How much of the reply the ear had heard at that instant of the performance counter."""
        return max(0.0, self.sent_s - max(0.0, self.until_s - at_s))
