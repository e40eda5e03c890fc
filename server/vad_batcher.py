"""The speech detector of the process, shared by all connections that send sound without end.

What several of them send within a few milliseconds is judged in one call of the model: that costs a fraction of a call
for each. The call is made in a thread of its own, so that the event loop goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Self

from voicelab.audio.clip import Clip
from voicelab.errors import EngineError
from voicelab.vad.base import Detector, DetectorStream
from voicelab.vad.catalog import DETECTORS
from voicelab.vad.endpoint import Endpointer, Event

logger = logging.getLogger(__name__)

NONE = "none"
"""The name of no detector."""


_GATHER_S = 0.004
"""How long after a call of the model the next one begins at the earliest; a lone piece of sound waits for nothing."""


@dataclass(slots=True)
class _BatchedStream:
    """A piece of one connection's sound, and where its probabilities of speech are awaited."""

    stream: DetectorStream
    clip: Clip
    judged: asyncio.Future[list[float]]


class VadBatcher:
    """Loads its detector when the first connection needs it: a server without such connections holds no model."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._loading = asyncio.Lock()
        self._is_loaded = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vad")
        self._waiting: list[_BatchedStream] = []
        self._judging: asyncio.Task[None] | None = None
        self._began_s = 0.0

    @classmethod
    def named(cls, spec: str) -> Self | None:
        """With the detector of that name, None for "none"; InputError or EngineMissingError when there is none such."""
        return None if spec == NONE else cls(DETECTORS.config(spec).build())

    async def open(self) -> None:
        """Load the detector, once, beside the event loop; EngineError when that fails."""
        async with self._loading:
            if self._is_loaded:
                return
            try:
                info = await asyncio.get_running_loop().run_in_executor(self._thread, self._detector.load)
            except EngineError:
                raise
            except Exception as error:
                raise EngineError("vad", str(error)) from error
            logger.info("VAD %s loaded on %s (%s)", info.name, info.device, info.revision)
            self._is_loaded = True

    def endpointer(self) -> Endpointer:
        """For one stream of sound; `open` comes before."""
        return Endpointer(self._detector.stream())

    async def hear(self, endpointer: Endpointer, clip: Clip) -> list[Event]:
        """What `endpointer.feed` gives for the clip, judged together with what others hear at the time.

        Await it before the same endpointer hears more. Raises EngineError when the detector fails.
        """
        judged: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_BatchedStream(endpointer.stream, clip, judged))
        if self._judging is None:
            self._judging = asyncio.create_task(self._judge())
        return endpointer.advance(await judged)

    async def _judge(self) -> None:
        """Call the model for all that waits, until nothing does."""
        while self._waiting:
            early_s = self._began_s + _GATHER_S - perf_counter()
            if early_s > 0:
                await asyncio.sleep(early_s)
            self._began_s = perf_counter()
            heard, self._waiting = self._waiting, []
            await self._judge_together([one for one in heard if not one.judged.done()])
        self._judging = None

    async def _judge_together(self, heard: Sequence[_BatchedStream]) -> None:
        streams, clips = [one.stream for one in heard], [one.clip for one in heard]
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._thread, self._detector.feed_many, streams, clips)
            told = list(zip(heard, found, strict=True))
        except Exception as error:  # noqa: BLE001 - whatever it is, all who wait for it must hear of it
            fault = error if isinstance(error, EngineError) else EngineError("vad", str(error))
            for one in heard:
                if not one.judged.done():
                    one.judged.set_exception(fault)
            return
        for one, probabilities in told:
            if not one.judged.done():
                one.judged.set_result(probabilities)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(cancel_futures=True)
