"""Encodes clips as WAV, FLAC, MP3, AAC and Ogg Opus files through PyAV; `voicelab.audio.decoding` decodes."""

import io
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import Clip

_FRAME_S = 10
"""Seconds passed to the encoder at a time."""


def encode_wav(clip: Clip) -> bytes:
    """Encode a 16-bit WAV file."""
    return encode(clip, "wav")


def encode(clip: Clip, form: str) -> bytes:
    """Encode as "wav", "flac", "mp3", "aac" (ADTS) or "opus" (in Ogg); the lossy formats at 48 kHz."""
    container_name, codec, rate_hz = {
        "wav": ("wav", "pcm_s16le", clip.rate_hz),
        "flac": ("flac", "flac", clip.rate_hz),
        "mp3": ("mp3", "libmp3lame", 48_000),
        "aac": ("adts", "aac", 48_000),
        "opus": ("ogg", "libopus", 48_000),
    }[form]
    pcm = np.frombuffer(clip.at_rate(rate_hz).to_pcm16(), dtype="<i2").reshape(-1, 1)
    return encode_pcm(pcm, rate_hz, container_name, codec)


def encode_pcm(
    pcm: NDArray[np.int16],
    rate_hz: int,
    container_name: str,
    codec: str,
    bits_per_s: int | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """Encode 16-bit samples, shape (n, channels), of one or two channels. options: of the codec."""
    layout, size, sink = "mono" if pcm.shape[1] == 1 else "stereo", _FRAME_S * rate_hz, io.BytesIO()
    with av.open(sink, "w", format=container_name) as container:
        stream = cast("av.AudioStream", container.add_stream(codec, rate=rate_hz, layout=layout, options=options))
        if bits_per_s is not None:
            stream.bit_rate = bits_per_s
        for start in range(0, max(1, len(pcm)), size):
            part = np.ascontiguousarray(pcm[start : start + size]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout=layout)
            frame.sample_rate = rate_hz
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return sink.getvalue()
