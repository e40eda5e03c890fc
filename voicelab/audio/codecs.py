"""Encodes clips as WAV, FLAC, MP3, AAC and Ogg Opus files through PyAV; `voicelab.audio.decoding` decodes."""

import io
from typing import cast

import av
import numpy as np

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
    sink = io.BytesIO()
    with av.open(sink, "w", format=container_name) as container:
        stream = cast("av.AudioStream", container.add_stream(codec, rate=rate_hz, layout="mono"))
        pcm, size = np.frombuffer(clip.at_rate(rate_hz).to_pcm16(), dtype="<i2").reshape(1, -1), _FRAME_S * rate_hz
        for start in range(0, max(1, pcm.shape[1]), size):
            frame = av.AudioFrame.from_ndarray(pcm[:, start : start + size], format="s16", layout="mono")
            frame.sample_rate = rate_hz
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return sink.getvalue()
