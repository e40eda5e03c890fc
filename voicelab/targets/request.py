"""How a recording travels to the target: cut into chunks, at the pace of a microphone or at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import perf_counter

from voicelab.audio import decoding
from voicelab.audio.incoming import Mode
from voicelab.audio.opus import FRAME_S
from voicelab.audio.playback import SoundPiece
from voicelab.errors import InputError
from voicelab.targets.base import Utterance


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a request: encoded audio, and how long it sounds."""

    data: bytes
    form: str = "opus"
    sample_rate_hz: int = 16_000
    duration_s: float = FRAME_S


def request_chunks(audio: bytes, mode: Mode, *, source: str) -> list[Chunk]:
    """How a recording is sent.

    burst: as it is, in one chunk. realtime: as 20 ms frames, the file's own Opus packets where it has them, else PCM.
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
    """The chunks, each when a microphone would have it: a frame is there when it has been spoken."""
    due_s = perf_counter()
    for chunk in chunks:
        if mode == "realtime":
            due_s += chunk.duration_s
            await asyncio.sleep(max(0.0, due_s - perf_counter()))
        yield chunk


def sent_sound(utterance: Utterance, mode: Mode, started_s: float, t_end: float) -> list[SoundPiece]:
    """What the caller said, and when. In burst mode it counts as spoken just before it was sent.

    Empty where the recording cannot be decoded; the target says so by itself.
    """
    try:
        clip = utterance.clip()
    except InputError:
        return []
    return [SoundPiece(started_s if mode == "realtime" else t_end - clip.duration_s, clip)]
