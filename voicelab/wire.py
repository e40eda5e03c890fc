"""The audio bytes of a turn, as they come over the wire, to sound; encoder.py is the way back.

docs/protocol.md says which bytes mean what; these two modules are where it is known.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from voicelab import codecs
from voicelab.clip import SPEECH_RATE_HZ, Clip, Resampler
from voicelab.containers import ContainerStream
from voicelab.encoder import REPLY_RATE_HZ, ReplyFormat
from voicelab.errors import InputError, TurnTooLongError
from voicelab.opus import PacketDecoder

Mode = Literal["burst", "realtime"]
"""How a recording is sent: in one chunk, or as 20 ms frames at the pace of a microphone."""

InputFormat = Literal["opus", "pcm16"]
INPUT_FORMATS: tuple[str, ...] = get_args(InputFormat)

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


def reply_clip(data: bytes, form: ReplyFormat = "opus") -> Clip:
    """The sound of a reply's joined bytes (not for opus_packets, whose borders are lost when joined)."""
    if form == "pcm16":
        return Clip.from_pcm16(data, REPLY_RATE_HZ)
    return codecs.decode(data, source="the reply")
