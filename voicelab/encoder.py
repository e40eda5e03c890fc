"""What encodes replies: their sound, part by part, to the chunks that the wire carries.

docs/protocol.md says which bytes the chunks are. It is hosted as an engine is (reply_audio.py).
"""

from __future__ import annotations

import struct
from typing import Literal, get_args

from voicelab.clip import Clip, Resampler
from voicelab.engines import EngineInfo
from voicelab.opus import OggOpusWriter, PacketEncoder, libopus_version

ReplyFormat = Literal["opus", "opus_packets", "wav", "pcm16"]
REPLY_FORMATS: tuple[str, ...] = get_args(ReplyFormat)

REPLY_RATE_HZ = 24_000
REPLY_BITRATE = 32_000
_COMPLEXITY = 5
"""libopus's own is 9, which takes three times as long for a voice."""


class ReplyEncoder:
    """The engine; a stream of it is one reply."""

    def load(self) -> EngineInfo:
        options = {"rate_hz": REPLY_RATE_HZ, "bitrate": REPLY_BITRATE, "complexity": _COMPLEXITY}
        return EngineInfo("encoder", "libopus", options, revision=libopus_version(), licence="BSD-3-Clause")

    def stream(self) -> ReplyStream:
        """Begin a reply."""
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
