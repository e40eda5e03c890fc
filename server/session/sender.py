"""Send events to one client."""

import asyncio
from collections.abc import Sequence
from math import inf
from time import perf_counter

from starlette.websockets import WebSocket, WebSocketDisconnect

from server.dialects.base import Dialect, Frame
from server.outgoing import ServerEvent

_ABNORMAL = 1006


class Sender:
    """Send events one at a time, in the order of the calls. Each call returns when its frames have been sent.

    Callers wait, so at most one event per task is buffered. A call that is cancelled before it starts to send sends
    nothing, so that chunks of a stopped turn cannot arrive late.
    """

    def __init__(self, websocket: WebSocket, dialect: Dialect) -> None:
        self._websocket = websocket
        self._dialect = dialect
        self._one_at_a_time = asyncio.Lock()
        self._gone = False

    async def send(self, event: ServerEvent) -> None:
        """Send an event. Raises WebSocketDisconnect when the client is disconnected or has stopped reading."""
        async with self._one_at_a_time:
            frames = self._dialect.write(event)
            if len(frames) == 1:
                await self._put(frames[0])
            elif frames:
                await self._put_all(frames)

    async def send_frames(self, frames: Sequence[Frame]) -> None:
        """Send frames of the dialect. Raises like `send`."""
        async with self._one_at_a_time:
            await self._put_all(frames)

    async def _put_all(self, frames: Sequence[Frame]) -> None:
        """Send all frames even if cancelled in between: half an event would leave the client waiting."""
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


class PlaybackPacer:
    """Limit how far a reply is sent ahead of its playback: `lead_s` seconds; None disables pacing.

    Assumes that the client plays audio as it arrives and pauses when none is left. sent_s: seconds of the reply that
    were sent. until_s: time (performance counter) at which they have been played.
    """

    def __init__(self, lead_s: float | None) -> None:
        self._lead_s = lead_s
        self.sent_s = 0.0
        self.until_s = -inf

    async def wait(self, starts_s: float) -> None:
        """Wait until the audio that starts at `starts_s` may be sent."""
        if self._lead_s is None:
            return
        early_s = self.until_s - (self.sent_s - starts_s) - self._lead_s - perf_counter()
        if early_s > 0:
            await asyncio.sleep(early_s)

    def left(self, ends_s: float) -> None:
        """Note that the reply was sent up to `ends_s`."""
        self.until_s = max(self.until_s, perf_counter()) + ends_s - self.sent_s
        self.sent_s = ends_s

    def heard_s(self, at_s: float) -> float:
        """Return the seconds of the reply that were played at `at_s` (performance counter)."""
        return max(0.0, self.sent_s - max(0.0, self.until_s - at_s))
