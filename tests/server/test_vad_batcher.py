"""One detector for all connections: their concurrent audio is processed in one call, and each gets its own results."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from server.vad_batcher import VadBatcher
from tests.support.voices import in_a_room, spoken
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.spec import EngineInfo
from voicelab.errors import EngineError
from voicelab.vad.base import Framer
from voicelab.vad.catalog import DETECTORS
from voicelab.vad.endpoint import Endpointer, SpeechBegan


class Counting:
    """A detector by level that records the number of streams and the thread of each call."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.threads: set[int] = set()

    def load(self) -> EngineInfo:
        return EngineInfo("vad", "counting", {}, "1")

    def stream(self) -> Framer:
        return Framer("counting")

    def feed_many(self, streams, clips):
        self.calls.append(len(streams))
        self.threads.add(threading.get_ident())
        return [
            [float(np.abs(frame).max()) for frame in stream.frames(clip)]
            for stream, clip in zip(streams, clips, strict=True)
        ]


def tone(level: float, duration_s: float = 0.02) -> Clip:
    return Clip(np.full(round(duration_s * SPEECH_RATE_HZ), level, dtype=np.float32), SPEECH_RATE_HZ)


@asynccontextmanager
async def batching(detector: Any) -> AsyncIterator[VadBatcher]:
    vad_batcher = VadBatcher(detector)
    await vad_batcher.open()
    yield vad_batcher
    vad_batcher.close()


async def test_what_comes_together_is_judged_together_and_beside_the_event_loop():
    detector = Counting()
    begun = []
    async with batching(detector) as vad_batcher:
        loud, quiet = vad_batcher.endpointer(), [vad_batcher.endpointer() for _ in range(39)]
        for _ in range(50):
            calls = [vad_batcher.feed(loud, tone(0.9)), *(vad_batcher.feed(one, tone(0.1)) for one in quiet)]
            found = enumerate(await asyncio.gather(*calls))
            begun += [number for number, events in found for event in events if isinstance(event, SpeechBegan)]
    assert begun == [0], "only the loud one spoke"
    assert sum(detector.calls) == 50 * 40
    assert len(detector.calls) == 50
    assert detector.threads.isdisjoint({threading.get_ident()})


async def test_one_that_is_gone_does_not_keep_the_others_from_hearing():
    async with batching(Counting()) as vad_batcher:
        stays, leaves = vad_batcher.endpointer(), vad_batcher.endpointer()
        for _ in range(20):
            gone = asyncio.create_task(vad_batcher.feed(leaves, tone(0.9)))
            hears = asyncio.create_task(vad_batcher.feed(stays, tone(0.1)))
            await asyncio.sleep(0)
            gone.cancel()
            assert await hears == []
            leaves = vad_batcher.endpointer()


def failing(_streams: Any, _clips: Any) -> Any:
    raise ZeroDivisionError("deep inside")


@pytest.mark.parametrize(
    "fault", [failing, lambda streams, _clips: [[] for _ in streams[1:]]], ids=["fails", "too few"]
)
async def test_a_detector_that_fails_or_answers_for_too_few_fails_each_call_and_the_next_works(monkeypatch, fault):
    """The task that judges would have ended, and nobody would have heard anything any more."""
    detector = Counting()
    async with batching(detector) as vad_batcher:
        both = [vad_batcher.endpointer(), vad_batcher.endpointer()]
        monkeypatch.setattr(detector, "feed_many", fault)
        async with asyncio.timeout(10):
            faults = await asyncio.gather(*(vad_batcher.feed(one, tone(0.1)) for one in both), return_exceptions=True)
        assert [type(one) for one in faults] == [EngineError, EngineError]
        monkeypatch.undo()
        assert await vad_batcher.feed(both[0], tone(0.1)) == []


@pytest.mark.parametrize("spec", ["silero", "energy"])
async def test_the_events_are_those_of_each_alone(spec: str):
    """The events equal those of `Endpointer.feed`, however pieces of connections are batched."""
    text = "What is the price of Apple?"
    request_clip = in_a_room(0.5, spoken(text)[text], after_s=1.0)
    clip = Clip.join([request_clip, Clip.silence(1.0), request_clip])
    shifted = Clip(clip.samples[4000:], SPEECH_RATE_HZ)

    async def listen(endpointer: Endpointer, sound: Clip, step: int) -> list:
        pieces = [Clip(sound.samples[at : at + step], SPEECH_RATE_HZ) for at in range(0, len(sound.samples), step)]
        return [event for piece in pieces for event in await vad_batcher.feed(endpointer, piece)]

    async with batching(DETECTORS.config(spec).build()) as vad_batcher:
        one, other, *alone = (vad_batcher.endpointer() for _ in range(4))
        found = await asyncio.gather(listen(one, clip, 320), listen(other, shifted, 700))
    assert found == [alone[0].feed(clip), alone[1].feed(shifted)]
    assert found[0]
