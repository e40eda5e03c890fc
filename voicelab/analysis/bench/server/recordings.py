"""The speech of the benchmark's sessions: the shipped recordings as Opus packets."""

import asyncio
import gc

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.opus import encode_packets
from voicelab.datasets import load
from voicelab.paths import shipped


async def speech_at_hand(pause_s: float = 0.0) -> list[list[bytes]]:
    """Prepare all recordings, each followed by a pause.

    Freezes the garbage collector's objects, because collecting them would pause the client during measurements.
    """
    speech = await asyncio.to_thread(_encoded, pause_s)
    gc.collect()
    gc.freeze()
    return speech


def _encoded(pause_s: float) -> list[list[bytes]]:
    clips = [sample.clip().at_rate(SPEECH_RATE_HZ) for sample in load(shipped("voice_samples")).spoken]
    return [encode_packets(Clip.join([clip, Clip.silence(pause_s)])) for clip in clips]
