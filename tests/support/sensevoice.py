"""SenseVoice's frames and failures."""

import numpy as np
import pytest

from voicelab.asr.catalog import RECOGNIZERS
from voicelab.engines.pool.pool import EnginePool
from voicelab.errors import EngineError


async def hear(host, clips):
    stream = host.stream()
    try:
        for clip in clips:
            await stream.post("feed", clip)
        return await stream.call("finish")
    finally:
        await stream.close()


def frames(clip, seconds=0.02):
    return [clip.between(start, start + seconds) for start in np.arange(0, clip.duration_s, seconds)]


async def failure(asr):
    with pytest.raises(EngineError) as caught:
        await EnginePool(RECOGNIZERS.config(asr)).open()
    return caught.value
