"""Passes audio to a recognizer in short pieces, so that other clients' audio is recognized between them."""

from math import ceil

from voicelab.asr.base import Transcript
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.pool.pool import EnginePool, PooledStream

_PIECE_S = 2


async def feed(stream: PooledStream, clip: Clip) -> None:
    """Feed audio at SPEECH_RATE_HZ. Calls of other clients, and a cancellation, wait for one piece at most."""
    for start_s in range(0, ceil(clip.duration_s), _PIECE_S):
        await stream.post("feed", clip.between(start_s, start_s + _PIECE_S))


async def recognize(recognizer: EnginePool, clip: Clip) -> Transcript:
    """Return the transcript of a whole recording at any rate. Raises EngineError."""
    stream = recognizer.stream()
    try:
        await feed(stream, clip.at_rate(SPEECH_RATE_HZ))
        transcript: Transcript = await stream.call("finish")
        return transcript
    finally:
        await stream.close()
