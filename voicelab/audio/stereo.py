"""Two-channel FLAC files: the caller left, the agent right."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.typing import NDArray

_FRAME_S = 10


def encode_flac(left: NDArray[np.float32], right: NDArray[np.float32], rate_hz: int) -> bytes:
    """Encode a 16-bit FLAC file from two channels of equal length, -1..1, clipped at full scale."""
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(f"two channels of equal length are needed, not {left.shape} and {right.shape}")
    both = np.clip(np.rint(np.stack([left, right], axis=1) * 32768.0), -32768, 32767).astype("<i2")
    sink = io.BytesIO()
    with av.open(sink, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate_hz, layout="stereo")
        for start in range(0, max(1, len(both)), _FRAME_S * rate_hz):
            part = np.ascontiguousarray(both[start : start + _FRAME_S * rate_hz]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="stereo")
            frame.sample_rate = rate_hz
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return sink.getvalue()
