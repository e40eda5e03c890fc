"""Send the caller's audio at the pace of a microphone, with silence between utterances if the target needs it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import perf_counter

from voicelab.audio.clip import Clip

Send = Callable[[Clip], Awaitable[None]]


class Microphone:
    """Splits audio into frames and passes each to `send` when it has been spoken.

    continuous: fill the time between utterances with silent frames. Late frames are sent at once, so a busy process
    delays audio but never slows it down.
    """

    def __init__(self, send: Send, *, rate_hz: int, frame_s: float, continuous: bool) -> None:
        self._send = send
        self._size = round(rate_hz * frame_s)
        self._frame_s = frame_s
        self._continuous = continuous
        self._silence = Clip.silence(frame_s, rate_hz)
        self._waiting: deque[tuple[Clip, asyncio.Future[float] | None]] = deque()
        self._wake = asyncio.Event()

    def frames(self, clip: Clip) -> list[Clip]:
        """Split the clip into frames; the last one is padded with silence."""
        frames = [
            Clip(clip.samples[start : start + self._size], clip.rate_hz)
            for start in range(0, len(clip.samples), self._size)
        ]
        if frames and len(frames[-1].samples) < self._size:
            rest = Clip(self._silence.samples[len(frames[-1].samples) :], clip.rate_hz)
            frames[-1] = Clip.join([frames[-1], rest])
        return frames

    def say(self, clip: Clip) -> asyncio.Future[float]:
        """Queue a clip. The result of the future is the time at which its last frame was sent."""
        spoken: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        frames = self.frames(clip) or [self._silence]
        self._waiting.extend((frame, None) for frame in frames[:-1])
        self._waiting.append((frames[-1], spoken))
        self._wake.set()
        return spoken

    async def run(self) -> None:
        """Send until cancelled."""
        due_s = perf_counter()
        while True:
            if not self._waiting and not self._continuous:
                self._wake.clear()
                await self._wake.wait()
                due_s = perf_counter()
            due_s += self._frame_s
            await asyncio.sleep(max(0.0, due_s - perf_counter()))
            frame, spoken = self._waiting.popleft() if self._waiting else (self._silence, None)
            await self._send(frame)
            if spoken is not None and not spoken.done():
                spoken.set_result(perf_counter())
