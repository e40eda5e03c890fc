"""The audio bytes of one turn, as they travel: what comes in to sound, sound to what goes out.

docs/protocol.md says which bytes mean what; this module is the one place that knows it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from voicelab import codecs
from voicelab.clip import SPEECH_RATE_HZ, Clip, Resampler
from voicelab.containers import ContainerStream
from voicelab.errors import InputError, TurnTooLongError
from voicelab.opus import OggOpusWriter, PacketDecoder, PacketEncoder

Mode = Literal["burst", "realtime"]
"""How a recording is sent: in one chunk, or as 20 ms frames at the pace of a microphone."""

InputFormat = Literal["opus", "pcm16"]
ReplyFormat = Literal["opus", "opus_packets", "wav", "pcm16"]
INPUT_FORMATS: tuple[str, ...] = get_args(InputFormat)
REPLY_FORMATS: tuple[str, ...] = get_args(ReplyFormat)

REPLY_RATE_HZ = 24_000
REPLY_BITRATE = 32_000
_PIECE_S = 1.0
# The beginning of a reply is encoded alone: the ear waits for it.
_FIRST_PIECE_S = 0.2
_HEAD_BYTES = 4
# Two channels of 32-bit samples at 48 kHz, the most that anyone sends, and as much again for what is no sound.
_MOST_BYTES_PER_S = 768_000
_MAGICS = (b"OggS", b"\x1a\x45\xdf\xa3", b"RIFF", b"fLaC", b"ID3")


class IncomingAudio:
    """Turns the chunks of one turn into sound at SPEECH_RATE_HZ, as they come.

    longest_s: more sound than this in one turn is a TurnTooLongError, and so are more bytes than it could take.
    endless: it is no turn but a stream, and of a container no more than that may wait. `finish` or `close` it.
    """

    def __init__(self, *, longest_s: float, endless: bool = False) -> None:
        self._longest_s = longest_s
        self._endless = endless
        self._bytes_left = longest_s * _MOST_BYTES_PER_S
        self._waiting: list[bytes] = []
        self._container: ContainerStream | None = None
        self._packets: PacketDecoder | None = None
        self._pcm: _PcmReader | None = None
        self.duration_s = 0.0

    def feed(self, data: bytes, form: InputFormat = "opus", sample_rate_hz: int = SPEECH_RATE_HZ) -> Clip | None:
        """Take one chunk; the sound that is ready, if any. InputError when the bytes are not what they should be."""
        self._bytes_left -= 0 if self._endless else len(data)
        if self._bytes_left < 0:
            raise TurnTooLongError(f"the bytes of this turn are more than {self._longest_s:g} s of sound can take")
        if self._container is None and self._packets is None and self._pcm is None:
            self._waiting.append(data)
            head = b"".join(self._waiting)
            if len(head) < _HEAD_BYTES and any(magic.startswith(head) for magic in _MAGICS):
                return None
            return self._begin(head, form, sample_rate_hz)
        return self._count(self._decode([data]))

    def add(self, clip: Clip) -> Clip:
        """Count sound that was decoded elsewhere."""
        self._count(clip)
        return clip

    def finish(self) -> Clip | None:
        """The sound that was still held back, if any; InputError when a container cannot be decoded."""
        if self._container is not None:
            return self._count(self._container.finish())
        if self._pcm is not None:
            return self._count(self._pcm.finish())
        if any(self._waiting):
            raise InputError(f"the audio of this turn ends after {len(b''.join(self._waiting))} bytes")
        return None

    @property
    def is_container(self) -> bool:
        """Whether `finish` may have to wait for a decoder."""
        return self._container is not None

    def close(self) -> None:
        """Give back what a container holds."""
        if self._container is not None:
            self._container.close()

    def _begin(self, head: bytes, form: InputFormat, sample_rate_hz: int) -> Clip | None:
        kind = codecs.sniff(head)
        chunks, self._waiting = self._waiting, []
        # Two bytes of an MP3 frame may also be two bytes of PCM, so bare frames are only taken where PCM is not meant.
        if kind is not None and not (form == "pcm16" and kind == "mp3" and not head.startswith(b"ID3")):
            self._container = ContainerStream(kind, SPEECH_RATE_HZ, longest_s=self._longest_s, endless=self._endless)
        elif form == "pcm16":
            self._pcm = _PcmReader(sample_rate_hz)
        else:
            self._packets = PacketDecoder(SPEECH_RATE_HZ)
        return self._count(self._decode(chunks))

    def _decode(self, chunks: list[bytes]) -> Clip | None:
        if self._container is not None:
            return self._container.feed(b"".join(chunks))
        if self._pcm is not None:
            return self._pcm.feed(b"".join(chunks))
        assert self._packets is not None
        return Clip.join([self._packets.feed(chunk) for chunk in chunks])

    def _count(self, clip: Clip | None) -> Clip | None:
        self.duration_s += clip.duration_s if clip is not None else 0.0
        if self.duration_s > self._longest_s and not self._endless:
            raise TurnTooLongError(f"one turn may hold {self._longest_s:g} s of sound; this one holds more")
        return clip


class _PcmReader:
    """PCM cut anywhere, also in the middle of a sample."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._resampler = Resampler(rate_hz, SPEECH_RATE_HZ)
        self._rest = b""

    def feed(self, data: bytes) -> Clip:
        data = self._rest + data
        whole = len(data) - len(data) % 2
        self._rest = data[whole:]
        return self._resampler.feed(Clip.from_pcm16(data[:whole], self._rate_hz))

    def finish(self) -> Clip:
        if self._rest:
            raise InputError("pcm16 audio ends in the middle of a sample: an odd number of bytes was sent")
        empty = Clip(np.zeros(0, dtype=np.float32), self._rate_hz)
        return self._resampler.feed(empty, last=True)


class OutgoingAudio:
    """Turns a reply's sentences into chunks; see `ReplyFormat` in docs/protocol.md for what they are, joined."""

    def __init__(self, form: ReplyFormat = "opus") -> None:
        self._form = form
        self._resampler: Resampler | None = None
        self._ogg = OggOpusWriter(REPLY_RATE_HZ, REPLY_BITRATE) if form == "opus" else None
        self._packets = PacketEncoder(REPLY_RATE_HZ, REPLY_BITRATE) if form == "opus_packets" else None
        self._begun = False
        self._has_head = False
        self.duration_s = 0.0
        self.starts_s = self.ends_s = 0.0

    def feed(self, clip: Clip, *, last: bool) -> Iterator[tuple[bytes, bool]]:
        """The chunks of one sentence as they are made, none empty, each with whether it ends the reply.

        With last=True exactly the final chunk does; iterate to the end before the next call. ends_s is then where in
        the reply the sound of the latest chunk ends, starts_s where that of the piece begins that was encoded with it.
        """
        given_s = self.duration_s
        if self._resampler is None:
            self._resampler = Resampler(clip.rate_hz, REPLY_RATE_HZ)
        ready = self._resampler.feed(clip, last=last)
        self.duration_s += ready.duration_s
        pieces = list(_cut(ready, first_s=_PIECE_S if self._begun else _FIRST_PIECE_S)) or [ready]
        self._begun = True
        for piece in pieces:
            ends = last and piece is pieces[-1]
            chunks = [chunk for chunk in self._encode(piece, last=ends) if chunk]
            self.starts_s, given_s = given_s, given_s + piece.duration_s
            for number, chunk in enumerate(chunks, start=1):
                self.ends_s = self.starts_s + piece.duration_s * number / len(chunks)
                yield chunk, ends and number == len(chunks)

    def _encode(self, piece: Clip, *, last: bool) -> list[bytes]:
        if self._ogg is not None:
            return [self._ogg.feed(piece) + (self._ogg.close() if last else b"")]
        if self._packets is not None:
            return self._packets.feed(piece) + (self._packets.flush() if last else [])
        head = b"" if self._has_head or self._form == "pcm16" else _wav_stream_head(REPLY_RATE_HZ)
        self._has_head = True
        # A turn must end with a chunk, even one whose last piece is empty: PCM then closes with one silent sample.
        return [head + (piece.to_pcm16() or (b"\0\0" if last else b""))]


def _cut(clip: Clip, *, first_s: float) -> Iterator[Clip]:
    first, size = round(first_s * clip.rate_hz), round(_PIECE_S * clip.rate_hz)
    for start, end in pairwise([0, *range(first, len(clip.samples), size), len(clip.samples)]):
        if end > start:
            yield Clip(clip.samples[start:end], clip.rate_hz)


def _wav_stream_head(rate_hz: int) -> bytes:
    """A WAV header for 16-bit mono of unknown length, which readers take as "until the end"."""
    unknown = 0xFFFFFFFF
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", unknown, b"WAVE") + form + struct.pack("<4sI", b"data", unknown)


def reply_clip(data: bytes, form: ReplyFormat = "opus") -> Clip:
    """The sound of a reply's joined bytes (not for opus_packets, whose borders are lost when joined)."""
    if form == "pcm16":
        return Clip.from_pcm16(data, REPLY_RATE_HZ)
    return codecs.decode(data, source="the reply")
