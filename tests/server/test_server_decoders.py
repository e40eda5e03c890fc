"""Many clients that send a little audio and stay neither grow the recognizer nor block others."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from tests.support.serving import Served, serving, talking
from voicelab.asr.pocketsphinx.recognizer import PocketSphinx
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.datasets import load
from voicelab.paths import shipped

pytest.importorskip("pocketsphinx")
CROWD = 16
NOISE = Clip(np.random.default_rng(1).normal(0, 0.1, SPEECH_RATE_HZ * 2).astype(np.float32), SPEECH_RATE_HZ)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, asr="pocketsphinx:max_decoders=1", engine_wait_s=0.5) as running:
        yield running


def memory_mb(served: Served) -> float:
    (pid,) = served.services.pipeline.asr.pids  # type: ignore[union-attr]
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS"))


@pytest.mark.parametrize("sound", [Clip.silence(0.02), NOISE.between(0, 0.02)], ids=["silence", "noise"])
async def test_sockets_that_sent_one_frame_cost_no_decoder(tmp_path: Path, sound: Clip) -> None:
    with serving(tmp_path, asr="pocketsphinx") as served:
        before = memory_mb(served)
        async with AsyncExitStack() as stack:
            for _ in range(CROWD):
                talker = await stack.enter_async_context(talking(served))
                await talker.init()
                await talker.socket.send(_chunk(sound))
            await asyncio.sleep(1.0)
            assert memory_mb(served) < before + 60


async def test_who_finds_all_decoders_in_use_is_told_and_heard_later(served: Served) -> None:
    async with talking(served) as speaking, talking(served) as late:
        await speaking.init()
        await late.init()
        await speaking.socket.send(_chunk(NOISE))
        await asyncio.sleep(0.3)
        await late.say([NOISE.to_pcm16()], format="pcm16")
        assert "as many utterances as it can" in await late.refusal("engine_busy")
        await speaking.socket.close()
        await late.say([NOISE.to_pcm16()], format="pcm16")
        name, data = await late.receive()
        assert name == "transcription" or data["code"] == "no_speech"


def test_an_utterance_that_lost_its_decoder_is_heard_as_if_it_had_not() -> None:
    sample = load(shipped("voice_samples")).samples[0]
    clip = sample.clip().at_rate(SPEECH_RATE_HZ)
    pieces = [clip.between(start / 10, (start + 1) / 10) for start in range(int(clip.duration_s * 10) + 1)]
    engine = PocketSphinx(max_decoders=2)
    engine.load()
    alone, disturbed = engine.stream(), engine.stream()
    for piece in pieces:
        alone.feed(piece)
    heard = alone.finish()
    alone.close()
    for number, piece in enumerate(pieces):
        disturbed.feed(piece)
        if number in (len(pieces) // 2, len(pieces) - 3):
            lost = disturbed.give_up(0.0)
            assert lost is not None
            engine._decoders._held.pop(disturbed)
            engine._decoders.put_back(object(), lost)  # type: ignore[arg-type]
    assert disturbed.finish() == heard
    disturbed.close()
    assert heard.text


def _chunk(clip: Clip) -> str:
    data = {"audio_chunk": base64.b64encode(clip.to_pcm16()).decode(), "format": "pcm16", "is_final": False}
    return json.dumps({"event": "audio_chunk", "data": data})
