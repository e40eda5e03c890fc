"""One detector for all connections: what they send at a time is judged in one call, and each gets its own."""

import asyncio
import threading

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
    """Speech is what is loud; keeps how many streams each call was for, and in which threads they were made."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.threads: set[int] = set()
        self.fails = False

    def load(self) -> EngineInfo:
        return EngineInfo("vad", "counting", {}, "1")

    def stream(self) -> Framer:
        return Framer("counting")

    def feed_many(self, streams, clips):
        self.calls.append(len(streams))
        self.threads.add(threading.get_ident())
        if self.fails:
            raise ZeroDivisionError("deep inside")
        return [
            [float(np.abs(frame).max()) for frame in stream.frames(clip)]
            for stream, clip in zip(streams, clips, strict=True)
        ]


def tone(level: float, duration_s: float = 0.02) -> Clip:
    return Clip(np.full(round(duration_s * SPEECH_RATE_HZ), level, dtype=np.float32), SPEECH_RATE_HZ)


async def test_what_comes_together_is_judged_together_and_beside_the_event_loop():
    detector = Counting()
    vad_batcher = VadBatcher(detector)
    await vad_batcher.open()
    loud, quiet = vad_batcher.endpointer(), [vad_batcher.endpointer() for _ in range(39)]
    begun = []
    for _ in range(50):
        events = await asyncio.gather(
            vad_batcher.feed(loud, tone(0.9)), *(vad_batcher.feed(one, tone(0.1)) for one in quiet)
        )
        begun += [number for number, of_one in enumerate(events) for event in of_one if isinstance(event, SpeechBegan)]
    vad_batcher.close()
    assert begun == [0], "only the loud one spoke"
    assert sum(detector.calls) == 50 * 40
    assert len(detector.calls) == 50
    assert detector.threads.isdisjoint({threading.get_ident()})


async def test_one_that_is_gone_does_not_keep_the_others_from_hearing():
    vad_batcher = VadBatcher(Counting())
    await vad_batcher.open()
    stays, leaves = vad_batcher.endpointer(), vad_batcher.endpointer()
    for _ in range(20):
        gone = asyncio.create_task(vad_batcher.feed(leaves, tone(0.9)))
        hears = asyncio.create_task(vad_batcher.feed(stays, tone(0.1)))
        await asyncio.sleep(0)
        gone.cancel()
        assert await hears == []
        leaves = vad_batcher.endpointer()
    vad_batcher.close()


async def test_a_detector_that_fails_fails_each_of_its_call_and_the_next_works():
    detector = Counting()
    vad_batcher = VadBatcher(detector)
    await vad_batcher.open()
    both = [vad_batcher.endpointer(), vad_batcher.endpointer()]
    detector.fails = True
    for fault in await asyncio.gather(*(vad_batcher.feed(one, tone(0.1)) for one in both), return_exceptions=True):
        assert isinstance(fault, EngineError)
    detector.fails = False
    assert await vad_batcher.feed(both[0], tone(0.1)) == []
    vad_batcher.close()


@pytest.mark.parametrize("spec", ["silero", "energy"])
async def test_the_events_are_those_of_each_alone(spec: str):
    """As `Endpointer.feed` finds them, however the pieces of the connections fall together."""
    text = "What is the price of Apple?"
    request_clip = in_a_room(0.5, spoken(text)[text], after_s=1.0)
    vad_batcher = VadBatcher(DETECTORS.config(spec).build())
    await vad_batcher.open()
    clip = Clip.join([request_clip, Clip.silence(1.0), request_clip])
    shifted = Clip(clip.samples[4000:], SPEECH_RATE_HZ)
    together, alone = (
        [vad_batcher.endpointer(), vad_batcher.endpointer()],
        [vad_batcher.endpointer(), vad_batcher.endpointer()],
    )

    async def listen(endpointer: Endpointer, sound: Clip, step: int) -> list:
        pieces = [Clip(sound.samples[at : at + step], SPEECH_RATE_HZ) for at in range(0, len(sound.samples), step)]
        return [event for piece in pieces for event in await vad_batcher.feed(endpointer, piece)]

    found = await asyncio.gather(listen(together[0], clip, 320), listen(together[1], shifted, 700))
    vad_batcher.close()
    assert found == [alone[0].feed(clip), alone[1].feed(shifted)]
    assert found[0]


async def test_a_detector_that_answers_for_too_few_keeps_nobody_waiting(monkeypatch):
    """The task that judges would have ended, and nobody would have heard anything any more."""
    detector = Counting()
    vad_batcher = VadBatcher(detector)
    await vad_batcher.open()
    both = [vad_batcher.endpointer(), vad_batcher.endpointer()]
    monkeypatch.setattr(detector, "feed_many", lambda streams, _clips: [[] for _ in streams[1:]])
    async with asyncio.timeout(10):
        faults = await asyncio.gather(*(vad_batcher.feed(one, tone(0.1)) for one in both), return_exceptions=True)
    assert [type(fault) for fault in faults] == [EngineError, EngineError]
    monkeypatch.undo()
    assert await vad_batcher.feed(both[0], tone(0.1)) == []
    vad_batcher.close()
