"""Encode and decode audio in messages: PCM, G.711, Opus packets and WAV, at any sample rate."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from voicelab.audio import codecs, decoding, g711
from voicelab.audio.clip import Clip
from voicelab.audio.opus import OPUS_RATES_HZ, PacketDecoder, PacketEncoder
from voicelab.errors import InputError

Encoding = Literal["pcm16", "mulaw", "alaw", "opus", "wav"]
ENCODINGS: tuple[str, ...] = get_args(Encoding)
FRAME_S = 0.02
"""Default duration of the audio in one message, in seconds."""
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 96_000
_READ_RATES_HZ = range(1_000, 384_001)
"""Supported sample rates of a reply; a message may contain any number."""


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """An audio format: encoding and sample rate.

    Raises ValueError for a rate outside LOWEST_RATE_HZ to HIGHEST_RATE_HZ, or one that Opus does not support.
    """

    encoding: Encoding = "pcm16"
    rate_hz: int = 16_000

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ValueError(f"encoding {self.encoding!r} is unknown; it may be {', '.join(ENCODINGS)}")
        if not LOWEST_RATE_HZ <= self.rate_hz <= HIGHEST_RATE_HZ:
            raise ValueError(f"rate_hz {self.rate_hz} is outside {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ}")
        if self.encoding == "opus" and self.rate_hz not in OPUS_RATES_HZ:
            raise ValueError(f"Opus supports {', '.join(map(str, OPUS_RATES_HZ))} Hz, not {self.rate_hz}")


class SoundEncoder:
    """Encodes one audio stream, one payload per piece. Pieces for Opus must be 20 ms long."""

    def __init__(self, form: SoundFormat) -> None:
        self._form = form
        self._packets = PacketEncoder(form.rate_hz) if form.encoding == "opus" else None

    def encode(self, clip: Clip) -> bytes:
        """Return the payload of a piece at the format's rate; b"" while Opus waits for a complete frame."""
        match self._form.encoding:
            case "pcm16":
                return clip.to_pcm16()
            case "mulaw" | "alaw" as law:
                return g711.encode(clip, law)
            case "wav":
                return codecs.encode_wav(clip)
            case "opus":
                assert self._packets is not None
                return b"".join(self._packets.feed(clip)[:1])


class SoundDecoder:
    """Decodes one audio stream, payload by payload."""

    def __init__(self, form: SoundFormat) -> None:
        self._form = form
        self._rate_hz = form.rate_hz
        self._half = b""
        self._packets = PacketDecoder(form.rate_hz) if form.encoding == "opus" else None

    def decode(self, data: bytes) -> Clip:
        """Return the audio of one payload, which may be empty. A 16-bit sample may be split between two payloads.

        A WAV payload is a complete file, or samples that continue the previous file.

        Raises InputError if it cannot be decoded.
        """
        match self._form.encoding:
            case "mulaw" | "alaw" as law:
                return g711.decode(data, law, self._rate_hz)
            case "opus":
                assert self._packets is not None
                return self._packets.feed(data)
            case "wav" if data.startswith(b"RIFF"):
                clip = decoding.decode(data, source="the target's audio")
                self._rate_hz = clip.rate_hz
                return clip
            case _:
                return self._samples(data)

    def _samples(self, data: bytes) -> Clip:
        data = self._half + data
        whole = len(data) - len(data) % 2
        self._half = data[whole:]
        return Clip.from_pcm16(data[:whole], self._rate_hz)


def samples_clip(data: bytes, rate_hz: int, channels: int) -> Clip:
    """Decode interleaved 16-bit samples and mix the channels to one. Raises InputError if that is impossible."""
    if rate_hz not in _READ_RATES_HZ or not 0 < channels <= 64 or len(data) % (2 * channels):
        raise InputError(f"a piece of audio has {len(data)} bytes, {channels} channels and {rate_hz} Hz")
    clip = Clip.from_pcm16(data, rate_hz)
    if channels == 1:
        return clip
    return Clip(clip.samples.reshape(-1, channels).mean(axis=1, dtype=np.float32), rate_hz)


def pcm16_format(rate_hz: int) -> SoundFormat:
    """Return the format for the option rate_hz. Raises InputError."""
    try:
        return SoundFormat("pcm16", rate_hz)
    except ValueError as error:
        raise InputError(f"option rate_hz: {error}") from error
