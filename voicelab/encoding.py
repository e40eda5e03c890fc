"""A reply's sound on its way out: the chunks that the wire carries, made beside the event loop.

docs/protocol.md says which bytes the chunks are. An encoder is hosted as an engine is (hosting.py): in a process of its
own beside a server, whose event loop would else share the interpreter with it packet by packet, and in a thread where
few replies are encoded at once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

from voicelab.clip import Clip, Resampler
from voicelab.engines import Blueprint, EngineInfo, Isolation
from voicelab.hosting import ENGINE_LIMIT_S, Host
from voicelab.opus import OggOpusWriter, PacketEncoder, libopus_version

ReplyFormat = Literal["opus", "opus_packets", "wav", "pcm16"]
REPLY_FORMATS: tuple[str, ...] = get_args(ReplyFormat)

REPLY_RATE_HZ = 24_000
REPLY_BITRATE = 32_000
_COMPLEXITY = 5
"""libopus's own is 9, which takes three times as long for a voice."""
_PIECE_S = 1.0
# The beginning of a reply is encoded alone: the ear waits for it.
_FIRST_PIECE_S = 0.2


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a reply, encoded. chunks: none empty; perhaps none. starts_s, ends_s: its sound, in the reply."""

    chunks: tuple[bytes, ...]
    starts_s: float
    ends_s: float


class ReplyAudio:
    """One reply, encoded by a hosted encoder; `close` it in any case. duration_s: how much of it is encoded."""

    def __init__(self, encoder: Host, form: ReplyFormat = "opus") -> None:
        self._stream = encoder.stream()
        self._form = form
        self._begun = False
        self.duration_s = 0.0

    def parts(self, sentence: Clip, *, last: bool) -> Iterator[tuple[Clip, bool]]:
        """A sentence cut into what is worth sending alone, each with whether it ends the reply, as `last` does."""
        first_s = _PIECE_S if self._begun else _FIRST_PIECE_S
        first, size, end = (round(seconds * sentence.rate_hz) for seconds in (first_s, _PIECE_S, sentence.duration_s))
        self._begun = True
        for start, stop in pairwise([0, *range(first, end, size), end]):
            yield Clip(sentence.samples[start:stop], sentence.rate_hz), last and stop == end

    async def encode(self, part: Clip, *, last: bool) -> Piece:
        """The chunks of the next part; with last=True, which is given once, there is at least one."""
        chunks, duration_s = await self._stream.call("encode", self._form, part, last)
        starts_s, self.duration_s = self.duration_s, self.duration_s + duration_s
        return Piece(chunks, starts_s, self.duration_s)

    async def close(self) -> None:
        """Give back what the encoder holds for this reply."""
        await self._stream.close()


def encoder_host(isolation: Isolation, limit_s: float = ENGINE_LIMIT_S) -> Host:
    """An encoder of replies, not loaded yet."""
    target = f"{ReplyEncoder.__module__}:{ReplyEncoder.__name__}"
    return Host(Blueprint("encoder", "libopus", target, isolation, {}), limit_s=limit_s)


class ReplyEncoder:
    """What is hosted."""

    def load(self) -> EngineInfo:
        options = {"rate_hz": REPLY_RATE_HZ, "bitrate": REPLY_BITRATE, "complexity": _COMPLEXITY}
        return EngineInfo("encoder", "libopus", options, revision=libopus_version(), licence="BSD-3-Clause")

    def stream(self) -> ReplyStream:
        """For one reply."""
        return ReplyStream()


class ReplyStream:
    """One reply in the encoder."""

    def __init__(self) -> None:
        self._chunks: _Chunks | None = None

    def encode(self, form: ReplyFormat, part: Clip, last: bool) -> tuple[tuple[bytes, ...], float]:
        """The chunks that are ready, none empty, and how long the sound in them is. form: that of the first call."""
        if self._chunks is None:
            self._chunks = _Chunks(form, part.rate_hz)
        return self._chunks.feed(part, last=last)

    def close(self) -> None:
        self._chunks = None


class _Chunks:
    """Turns sound into the chunks of one reply."""

    def __init__(self, form: ReplyFormat, rate_hz: int) -> None:
        self._resampler = Resampler(rate_hz, REPLY_RATE_HZ)
        self._ogg = OggOpusWriter(REPLY_RATE_HZ, REPLY_BITRATE, complexity=_COMPLEXITY) if form == "opus" else None
        self._packets = (
            PacketEncoder(REPLY_RATE_HZ, REPLY_BITRATE, complexity=_COMPLEXITY) if form == "opus_packets" else None
        )
        self._head = _wav_stream_head(REPLY_RATE_HZ) if form == "wav" else b""

    def feed(self, part: Clip, *, last: bool) -> tuple[tuple[bytes, ...], float]:
        ready = self._resampler.feed(part, last=last)
        return tuple(filter(None, self._encode(ready, last=last))), ready.duration_s

    def _encode(self, ready: Clip, *, last: bool) -> list[bytes]:
        if self._ogg is not None:
            return [self._ogg.feed(ready) + (self._ogg.close() if last else b"")]
        if self._packets is not None:
            return self._packets.feed(ready) + (self._packets.flush() if last else [])
        head, self._head = self._head, b""
        # A turn must end with a chunk, even one whose last part is empty: PCM then closes with one silent sample.
        return [head + (ready.to_pcm16() or (b"\0\0" if last else b""))]


def _wav_stream_head(rate_hz: int) -> bytes:
    """A WAV header for 16-bit mono of unknown length, which readers take as "until the end"."""
    unknown = 0xFFFFFFFF
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", unknown, b"WAVE") + form + struct.pack("<4sI", b"data", unknown)
