"""The log-mel spectrogram of Whisper: 80 bands, windows of 25 ms every 10 ms, 16 kHz.

Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision", section 2.2.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.audio.mel import mel_filters

BANDS = 80
HOP = SPEECH_RATE_HZ // 100
_WINDOW = SPEECH_RATE_HZ // 40
_FLOOR, _RANGE = 1e-10, 8.0


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the spectrogram, shape (BANDS, n // HOP), about -1 to 1. samples: shape (n,), at SPEECH_RATE_HZ.

    The samples are scaled to zero mean and unit variance first.
    """
    scaled = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
    padded = np.pad(scaled.astype(np.float64), _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP][: len(samples) // HOP]
    window = np.hanning(_WINDOW + 1)[:-1]
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    bands = np.log10(np.maximum(power @ _filters(), _FLOOR)).T
    return np.asarray((np.maximum(bands, bands.max() - _RANGE) + 4) / 4, dtype=np.float32)


@cache
def _filters() -> NDArray[np.float64]:
    return mel_filters(np.linspace(0, SPEECH_RATE_HZ / 2, _WINDOW // 2 + 1), BANDS)
