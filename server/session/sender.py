"""The way out to one client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import inf
from time import perf_counter

from starlette.websockets import WebSocket, WebSocketDisconnect

from server.dialects.base import Dialect, Frame
from server.messages import Refused
from server.outgoing import ErrorEvent, ServerEvent
from server.session.config import SessionConfig

_ABNORMAL = 1006


class Sender:
    """Sends events one at a time, in the order of the calls; each call returns when its frame has left.

    Whoever sends waits, so what lies here is never more than one frame for each task of the connection. A call that is
    cancelled before its frame began to leave puts nothing on the wire: so an old turn's chunks cannot come late.
    """

    def __init__(self, websocket: WebSocket, dialect: Dialect) -> None:
        self._websocket = websocket
        self._dialect = dialect
        self._one_at_a_time = asyncio.Lock()
        self._gone = False

    async def send(self, event: ServerEvent) -> None:
        """Raises WebSocketDisconnect when the client is gone or has stopped reading."""
        async with self._one_at_a_time:
            frames = self._dialect.write(event)
            if len(frames) == 1:
                await self._put(frames[0])
            elif frames:
                await self._put_all(frames)

    async def send_frames(self, frames: Sequence[Frame]) -> None:
        """Send frames that the dialect answers by itself; raises as `send` does."""
        async with self._one_at_a_time:
            await self._put_all(frames)

    async def _put_all(self, frames: Sequence[Frame]) -> None:
        """Send all of them, also when cancelled in between: half an event would leave the client waiting."""
        sending = asyncio.ensure_future(self._put_each(frames))
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError:
            await asyncio.wait({sending})
            raise

    async def _put_each(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            await self._put(frame)

    async def _put(self, frame: Frame) -> None:
        if self._gone:
            raise WebSocketDisconnect(_ABNORMAL)
        try:
            if isinstance(frame, str):
                await self._websocket.send_text(frame)
            else:
                await self._websocket.send_bytes(frame)
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
