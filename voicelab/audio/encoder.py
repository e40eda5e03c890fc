"""Encodes replies, part by part, into the chunks sent to clients.

docs/reference/protocol.md defines the chunks. The encoder runs in a pool like an engine (reply_audio.py).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import Literal, Protocol, get_args

import numpy as np

from voicelab.audio import g711
from voicelab.audio.clip import Clip, Resampler
from voicelab.audio.opus import OggOpusWriter, PacketEncoder, libopus_version
from voicelab.engines.spec import EngineInfo

ReplyFormat = Literal["opus", "opus_packets", "wav", "pcm16", "mulaw", "alaw"]
SAMPLE_FORMATS: tuple[ReplyFormat, ...] = ("wav", "pcm16", "mulaw", "alaw")
"""Formats with a selectable rate; Opus has a fixed one."""

REPLY_RATE_HZ = 24_000
REPLY_BITRATE = 32_000
_COMPLEXITY = 5
"""libopus's default is 9, which takes three times as long for speech."""

_WAV_CHUNK_S = 1.0


class ReplyEncoder:
    """The encoder engine; each of its streams is one reply."""

    def load(self) -> EngineInfo:
        options = {"rate_hz": REPLY_RATE_HZ, "bitrate": REPLY_BITRATE, "complexity": _COMPLEXITY}
        return EngineInfo("encoder", "libopus", options, revision=libopus_version(), licence="BSD-3-Clause")

    def stream(self) -> ReplyStream:
        """Start a reply."""
        return ReplyStream()


def reply_rate_hz(form: str) -> int:
    """Return the default rate of replies in this format, in Hz."""
    return g711.RATE_HZ if form in get_args(g711.Law) else REPLY_RATE_HZ


class ReplyStream:
    """One reply in the encoder."""

    def __init__(self) -> None:
        self._resampler: Resampler | None = None
        self._encoder: _Encoder | None = None

    def encode(self, form: ReplyFormat, rate_hz: int, part: Clip, last: bool) -> tuple[tuple[bytes, ...], float]:
        """Return the non-empty chunks that are ready, and the duration of their audio in seconds.

        form, rate_hz: the values of the first call apply to the whole reply.
        """
        if self._resampler is None or self._encoder is None:
            self._resampler, self._encoder = Resampler(part.rate_hz, rate_hz), _encoder(form, rate_hz)
        chunks, duration_s = self._encoder.encode(self._resampler.feed(part, last=last), last=last)
        return tuple(filter(None, chunks)), duration_s

    def close(self) -> None:
        self._resampler = self._encoder = None


class _Encoder(Protocol):
    """Encodes one reply incrementally, into chunks (possibly empty) and their duration in seconds.

    A reply must end with a chunk even when its last part is empty; sample formats then append one sample of silence.
    """

    def encode(self, ready: Clip, *, last: bool) -> tuple[list[bytes], float]: ...


def _encoder(form: ReplyFormat, rate_hz: int) -> _Encoder:
    match form:
        case "opus":
            return _Ogg()
        case "opus_packets":
            return _Packets()
        case "wav":
            return _Wav(rate_hz)
        case "pcm16":
            return _Samples(Clip.to_pcm16)
        case "mulaw" | "alaw":
            return _Samples(partial(g711.encode, law=form))


class _Ogg:
    def __init__(self) -> None:
        self._writer = OggOpusWriter(REPLY_RATE_HZ, REPLY_BITRATE, complexity=_COMPLEXITY)

    def encode(self, ready: Clip, *, last: bool) -> tuple[list[bytes], float]:
        return [self._writer.feed(ready) + (self._writer.close() if last else b"")], ready.duration_s


class _Packets:
    def __init__(self) -> None:
        self._encoder = PacketEncoder(REPLY_RATE_HZ, REPLY_BITRATE, complexity=_COMPLEXITY)

    def encode(self, ready: Clip, *, last: bool) -> tuple[list[bytes], float]:
        return self._encoder.feed(ready) + (self._encoder.flush() if last else []), ready.duration_s


class _Samples:
    def __init__(self, to_bytes: Callable[[Clip], bytes]) -> None:
        self._to_bytes = to_bytes

    def encode(self, ready: Clip, *, last: bool) -> tuple[list[bytes], float]:
        if last and not len(ready.samples):
            return [self._to_bytes(_one_sample(ready.rate_hz))], 0.0
        return [self._to_bytes(ready)], ready.duration_s


class _Wav:
    """A WAV file with its exact length, sent when the reply is complete.

    Safari does not play WAV files of unknown length, and clients play a WAV only when it is complete.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._parts: list[Clip] = []

    def encode(self, ready: Clip, *, last: bool) -> tuple[list[bytes], float]:
        self._parts.append(ready)
        if not last:
            return [], 0.0
        reply = Clip.join(self._parts)
        pcm = reply.to_pcm16() or _one_sample(self._rate_hz).to_pcm16()
        size = 2 * round(_WAV_CHUNK_S * self._rate_hz)
        first, *rest = (pcm[start : start + size] for start in range(0, len(pcm), size))
        return [_wav_head(self._rate_hz, len(pcm)) + first, *rest], reply.duration_s


def _one_sample(rate_hz: int) -> Clip:
    return Clip(np.zeros(1, dtype=np.float32), rate_hz)


def _wav_head(rate_hz: int, size: int) -> bytes:
    """Return the header of a 16-bit mono WAV file with this many bytes of samples."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)
