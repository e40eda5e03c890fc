"""Bytes to Clip and back: Ogg, WebM, WAV, FLAC and MP3 through PyAV."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from voicelab.clip import Clip
from voicelab.errors import InputError, TurnTooLongError

_MAGIC = {
    b"OggS": "ogg",
    b"\x1a\x45\xdf\xa3": "webm",
    b"RIFF": "wav",
    b"fLaC": "flac",
    b"ID3": "mp3",
}


def sniff(head: bytes) -> str | None:
    """The container that these first bytes (4 are enough) begin, or None when they begin none that is known."""
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    is_mp3_frame = len(head) >= 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
    return "mp3" if is_mp3_frame else None


def decode(data: bytes, *, source: str = "the audio", longest_s: float | None = None) -> Clip:
    """The sound in a file's bytes, channels mixed to one, at the file's own rate.

    Raises InputError, which names `source`, when it cannot be decoded, holds no audio, or is longer than longest_s.
    """
    blocks: list[NDArray[np.float32]] = []
    rate_hz, count = 0, 0
    try:
        with av.open(io.BytesIO(data), "r") as container:
            if not container.streams.audio:
                raise InputError(f"{source}: no audio stream in it")
            if container.streams.audio[0].codec_context is None:
                raise InputError(f"{source}: its codec is not known")
            for frame in container.decode(audio=0):
                rate_hz = frame.sample_rate
                blocks.append(mono(frame))
                count += len(blocks[-1])
                if longest_s is not None and count > longest_s * rate_hz:
                    raise TurnTooLongError(f"{source}: longer than {longest_s:g} s")
    except (av.error.FFmpegError, ValueError) as error:
        raise InputError(f"{source}: cannot be decoded ({len(data)} bytes): {error}") from error
    if not count:
        raise InputError(f"{source}: holds no sound ({len(data)} bytes)")
    return Clip(np.concatenate(blocks), rate_hz)


def mono(frame: av.AudioFrame) -> NDArray[np.float32]:
    """One channel of float32 from a frame of any sample format and number of channels."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if samples.dtype.kind == "u":
        samples = (samples.astype(np.float32) - 128) / 128
    elif samples.dtype.kind == "i":
        samples = samples.astype(np.float32) / 2.0 ** (8 * samples.dtype.itemsize - 1)
    else:
        # Floats may be no numbers, or far beyond full scale.
        samples = np.clip(np.nan_to_num(samples), -1.0, 1.0)
    return cast("NDArray[np.float32]", samples.mean(axis=0, dtype=np.float32))


def read(path: Path) -> Clip:
    """The sound in a file; InputError names the file."""
    return decode(read_bytes(path), source=str(path))


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def opus_packets(data: bytes, *, source: str = "the audio") -> list[bytes] | None:
    """The Opus packets in a container's bytes, as they are; None when its audio is not Opus of one or two channels."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            if not container.streams.audio:
                return None
            codec = container.streams.audio[0].codec_context
            if codec is None or codec.name not in ("opus", "libopus") or codec.layout.nb_channels > 2:
                return None
            return [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    except av.error.FFmpegError as error:
        raise InputError(f"{source}: cannot be decoded ({len(data)} bytes): {error}") from error


def encode_wav(clip: Clip) -> bytes:
    """A 16-bit WAV file."""
    return encode(clip, "wav")


def encode(clip: Clip, form: str) -> bytes:
    """A file of this form: "wav", "flac", "mp3" or "opus" (in Ogg); mp3 and opus at 48 kHz."""
    container_name, codec, rate_hz = {
        "wav": ("wav", "pcm_s16le", clip.rate_hz),
        "flac": ("flac", "flac", clip.rate_hz),
        "mp3": ("mp3", "libmp3lame", 48_000),
        "opus": ("ogg", "libopus", 48_000),
    }[form]
    sink = io.BytesIO()
    with av.open(sink, "w", format=container_name) as container:
        stream = cast("av.AudioStream", container.add_stream(codec, rate=rate_hz, layout="mono"))
        pcm = np.frombuffer(clip.at_rate(rate_hz).to_pcm16(), dtype="<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = rate_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return sink.getvalue()
