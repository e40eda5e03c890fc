"""Batched voice activity detection, shared by all connections in continuous mode.

Audio that several connections send within a few milliseconds is processed in one call of the model, which is much
cheaper than one call each. The model runs in a separate thread.
"""

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
from voicelab.vad.turn_end.base import TurnEnd
from voicelab.vad.turn_end.catalog import TURN_ENDS
from voicelab.vad.turn_end.words import Words

logger = logging.getLogger(__name__)

_GATHER_S = 0.004
"""Minimum time between the starts of two model calls. The first audio after a pause is processed at once."""


@dataclass(slots=True)
class _BatchedStream:
    """Audio of one connection, and the future of its speech probabilities."""

    stream: DetectorStream
    clip: Clip
    probabilities: asyncio.Future[list[float]]


class VadBatcher:
    """Batch the audio of many streams for one detector, which is loaded when the first connection needs it."""

    def __init__(self, detector: Detector, turn_end: TurnEnd | None = None) -> None:
        self._detector = detector
        self._turn_end = turn_end or Words()
        self._loading = asyncio.Lock()
        self._is_loaded = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vad")
        self._turn_end_thread = ThreadPoolExecutor(1, thread_name_prefix="turn-end")
        self._waiting: list[_BatchedStream] = []
        self._running: asyncio.Task[None] | None = None
        self._began_s = 0.0

    @classmethod
    def named(cls, spec: str, turn_end: str) -> Self | None:
        """With the detector and the turn end of these names; None where the detector is "none".

        Raises InputError or EngineMissingError for a name or option that does not exist.
        """
        built = TURN_ENDS.config(turn_end).build()
        return None if spec == "none" else cls(DETECTORS.config(spec).build(), built)

    async def open(self) -> None:
        """Load the detector once, in its thread. Raises EngineError when that fails."""
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
            deciding = await asyncio.get_running_loop().run_in_executor(self._turn_end_thread, self._turn_end.load)
            logger.info("turn end %s loaded (%s)", deciding.name, deciding.revision)
            self._is_loaded = True

    def endpointer(self) -> Endpointer:
        """Return an endpointer for one audio stream. Call `open` first."""
        return Endpointer(self._detector.stream(), turn_end=self._turn_end)

    @property
    def sound_s(self) -> float:
        """The maximum length of the audio for `score_sound`, in seconds."""
        return self._turn_end.sound_s

    async def score_sound(self, endpointer: Endpointer, clip: Clip) -> None:
        """Score the audio that `sound_to_score` of the endpointer returned, and set it with `note_sound`.

        Await the result before feeding the same endpointer again. Raises EngineError when the model fails.
        """
        loop = asyncio.get_running_loop()
        try:
            score = await loop.run_in_executor(self._turn_end_thread, self._turn_end.sound_score, clip)
        except Exception as error:
            raise error if isinstance(error, EngineError) else EngineError("turn_end", str(error)) from error
        endpointer.note_sound(score)

    async def feed(self, endpointer: Endpointer, clip: Clip) -> list[Event]:
        """Return the events of `endpointer.feed(clip)`, computed in a batch with the audio of other streams.

        Await the result before feeding the same endpointer again. Raises EngineError when the detector fails.
        """
        probabilities: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_BatchedStream(endpointer.stream, clip, probabilities))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return endpointer.advance(await probabilities)

    async def _run(self) -> None:
        """Process batches until no audio is waiting."""
        while self._waiting:
            early_s = self._began_s + _GATHER_S - perf_counter()
            if early_s > 0:
                await asyncio.sleep(early_s)
            self._began_s = perf_counter()
            batch, self._waiting = self._waiting, []
            await self._process([one for one in batch if not one.probabilities.done()])
        self._running = None

    async def _process(self, batch: Sequence[_BatchedStream]) -> None:
        streams, clips = [one.stream for one in batch], [one.clip for one in batch]
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._thread, self._detector.feed_many, streams, clips)
            results = list(zip(batch, found, strict=True))
        except Exception as error:  # noqa: BLE001 - every waiting stream must get the exception
            fault = error if isinstance(error, EngineError) else EngineError("vad", str(error))
            for one in batch:
                if not one.probabilities.done():
                    one.probabilities.set_exception(fault)
            return
        for one, probabilities in results:
            if not one.probabilities.done():
                one.probabilities.set_result(probabilities)

    def close(self) -> None:
        """End the threads."""
        self._thread.shutdown(cancel_futures=True)
        self._turn_end_thread.shutdown(cancel_futures=True)
