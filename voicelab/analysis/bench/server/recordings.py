"""What the sessions of the bench say: the shipped recordings, as Opus packets."""

from __future__ import annotations

import asyncio
import gc

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.opus import encode_packets
from voicelab.datasets import load
from voicelab.paths import shipped


async def speech_at_hand(pause_s: float = 0.0) -> list[list[bytes]]:
    """All recordings, each followed by a pause, and a client that can now be timed.

    What is alive then is kept from the garbage collector, which would stop the client for it while it is timed.
    """
    speech = await asyncio.to_thread(_encoded, pause_s)
    gc.collect()
    gc.freeze()
    return speech


def _encoded(pause_s: float) -> list[list[bytes]]:
    clips = [sample.clip().at_rate(SPEECH_RATE_HZ) for sample in load(shipped("voice_samples")).spoken]
    return [encode_packets(Clip.join([clip, Clip.silence(pause_s)])) for clip in clips]
