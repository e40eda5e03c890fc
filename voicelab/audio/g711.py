"""G.711 telephone audio, one byte per sample: µ-law in North America and Japan, A-law elsewhere.

Source: ITU-T Recommendation G.711. Levels are scaled to 16 bits, as is usual in software codecs.
"""

from functools import cache
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import Clip

Law = Literal["mulaw", "alaw"]
RATE_HZ = 8_000
"""Sample rate of telephone audio, in Hz."""


def decode(data: bytes, law: Law, rate_hz: int = RATE_HZ) -> Clip:
    """Decode G.711 bytes."""
    samples = _levels(law)[np.frombuffer(data, dtype=np.uint8)]
    return Clip(samples.astype(np.float32) / np.float32(32_768), rate_hz)


def encode(clip: Clip, law: Law) -> bytes:
    """Encode each sample as the byte of the nearest level, at the clip's own rate."""
    samples = np.frombuffer(clip.to_pcm16(), dtype="<i2")
    sorted_bytes, borders = _steps(law)
    return sorted_bytes[np.searchsorted(borders, samples)].tobytes()


@cache
def _levels(law: Law) -> NDArray[np.int32]:
    """Return the level of each byte, shape (256,)."""
    byte = np.arange(256, dtype=np.int32)
    if law == "mulaw":
        byte = byte ^ 0xFF
        size = (((byte & 0x0F) << 3) + 0x84 << ((byte & 0x70) >> 4)) - 0x84
        return np.where(byte & 0x80, -size, size)
    byte = byte ^ 0x55
    segment, step = (byte & 0x70) >> 4, ((byte & 0x0F) << 4) + 8
    size = np.where(segment == 0, step, step + 0x100 << np.maximum(segment - 1, 0))
    return np.where(byte & 0x80, size, -size)


@cache
def _steps(law: Law) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the bytes sorted by level, and the boundaries between neighbouring levels."""
    levels = _levels(law)
    # µ-law has two bytes for zero; digital silence is 0xFF, which comes first here.
    order = np.lexsort((-np.arange(256), levels))
    distinct = np.concatenate([[True], np.diff(levels[order]) > 0])
    kept = order[distinct]
    return cast("NDArray[np.uint8]", kept.astype(np.uint8)), (levels[kept][1:] + levels[kept][:-1]) / 2
