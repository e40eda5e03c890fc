"""Split a recording into chunks and send them at the pace of a microphone or at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from time import perf_counter

from voicelab.audio import decoding
from voicelab.audio.incoming import Mode
from voicelab.audio.opus import FRAME_S
from voicelab.audio.playback import SoundPiece
from voicelab.errors import InputError
from voicelab.targets.base import Utterance


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a request: encoded audio and its duration."""

    data: bytes
    form: str = "opus"
    sample_rate_hz: int = 16_000
    duration_s: float = FRAME_S


def request_chunks(audio: bytes, mode: Mode, *, source: str) -> list[Chunk]:
    """Return the chunks of a recording.

    burst: the whole file in one chunk. realtime: 20 ms frames, either the file's own Opus packets or PCM.
    """
    if mode == "burst":
        return [Chunk(audio)]
    packets = decoding.opus_packets(audio, source=source)
    if packets is not None:
        return [Chunk(packet) for packet in packets]
    clip = decoding.decode(audio, source=source)
    pcm, size = clip.to_pcm16(), 2 * round(FRAME_S * clip.rate_hz)
    pieces = (pcm[start : start + size] for start in range(0, len(pcm), size))
    return [Chunk(piece, "pcm16", clip.rate_hz, len(piece) / 2 / clip.rate_hz) for piece in pieces]


async def paced(chunks: list[Chunk], mode: Mode) -> AsyncIterator[Chunk]:
    """Yield each chunk when a microphone would have captured it: after the frame has been spoken."""
    due_s = perf_counter()
    for chunk in chunks:
        if mode == "realtime":
            due_s += chunk.duration_s
            await asyncio.sleep(max(0.0, due_s - perf_counter()))
        yield chunk


def sent_sound(utterance: Utterance, mode: Mode, chunks: Sequence[Chunk], sent_s: Sequence[float]) -> list[SoundPiece]:
    """Return the caller's audio with its times. sent_s: when each chunk was sent (`time.perf_counter`).

    The last sample of a chunk was spoken when the chunk was sent. In burst mode, the whole recording counts as spoken
    just before. Empty if the recording cannot be decoded; the target then reports the error.
    """
    try:
        clip = utterance.clip()
    except InputError:
        return []
    if mode == "burst" or len(sent_s) < 2:
        return [SoundPiece(sent_s[-1] - clip.duration_s, clip)] if sent_s else []
    ends_s = list(accumulate(chunk.duration_s for chunk in chunks[: len(sent_s)]))
    found, start_s = [], 0.0
    for end_s, at_s in zip(ends_s, sent_s, strict=True):
        piece = clip.between(start_s, min(end_s, clip.duration_s))
        if len(piece.samples):
            found.append(SoundPiece(at_s - (end_s - start_s), piece))
        start_s = end_s
    return found
