"""Pure tones, and the level of samples."""

from __future__ import annotations

import numpy as np

from voicelab.audio.clip import Clip


def tone(duration_s: float, rate_hz: int = 16_000, hz: float = 440.0, level: float = 0.3) -> Clip:
    """A sine of this length; level is its peak."""
    instants = np.arange(round(duration_s * rate_hz)) / rate_hz
    return Clip((level * np.sin(2 * np.pi * hz * instants)).astype(np.float32), rate_hz)


def rms_dbfs(samples: np.ndarray) -> float:
    """Their root mean square in dB below full scale."""
    return 10 * float(np.log10(np.mean(np.square(samples))))
