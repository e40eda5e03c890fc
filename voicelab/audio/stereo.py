"""Encode stereo files, FLAC or Ogg Opus, with the caller on the left and the agent on the right."""

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.codecs import encode_pcm


def encode_flac(left: NDArray[np.float32], right: NDArray[np.float32], rate_hz: int) -> bytes:
    """Encode two channels of equal length (-1..1, clipped at full scale) as a 16-bit FLAC file."""
    return encode_pcm(_pcm(left, right), rate_hz, "flac", "flac")


def encode_opus(left: NDArray[np.float32], right: NDArray[np.float32], rate_hz: int, bits_per_s: int) -> bytes:
    """Encode two channels of equal length as Ogg Opus. rate_hz: 8000, 12000, 16000, 24000 or 48000."""
    # The encoder's simplest search takes a quarter of the time, and a report holds hundreds of conversations.
    return encode_pcm(_pcm(left, right), rate_hz, "ogg", "libopus", bits_per_s, {"compression_level": "0"})


def _pcm(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.int16]:
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(f"both channels must have the same length, not {left.shape} and {right.shape}")
    scaled = np.rint(np.stack([left, right], axis=1) * 32768.0)
    pcm: NDArray[np.int16] = np.clip(scaled, -32768, 32767).astype("<i2")
    return pcm
