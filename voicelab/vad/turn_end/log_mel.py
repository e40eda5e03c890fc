"""The log-mel spectrogram of Whisper: 80 bands, windows of 25 ms every 10 ms, 16 kHz.

Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision", section 2.2. The mel scale
and the area normalization of the filters are those of Slaney's Auditory Toolbox (1998).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ

BANDS = 80
HOP = SPEECH_RATE_HZ // 100
_WINDOW = SPEECH_RATE_HZ // 40
_HIGHEST_HZ = SPEECH_RATE_HZ / 2
_FLOOR, _RANGE = 1e-10, 8.0
_KNEE_HZ, _KNEE_MEL, _STEP_HZ = 1000.0, 15.0, 200 / 3
_LOG_STEP = np.log(6.4) / 27


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
    """Return one triangle per band, shape (_WINDOW // 2 + 1, BANDS), each with the same area in hertz."""
    edges_hz = _to_hz(np.linspace(0, _to_mel(_HIGHEST_HZ), BANDS + 2))
    bins_hz = np.linspace(0, _HIGHEST_HZ, _WINDOW // 2 + 1)[:, None]
    low, middle, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    triangles = np.minimum((bins_hz - low) / (middle - low), (high - bins_hz) / (high - middle))
    return np.asarray(np.maximum(triangles, 0) * 2 / (high - low), dtype=np.float64)


def _to_mel(hz: float) -> float:
    if hz < _KNEE_HZ:
        return hz / _STEP_HZ
    return float(_KNEE_MEL + np.log(hz / _KNEE_HZ) / _LOG_STEP)


def _to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _KNEE_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _KNEE_MEL) - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _STEP_HZ, above)
