"""Estimate the pitch of speech in each frame by autocorrelation.

Source: the method of Boersma 1993, "Accurate short-term analysis of the fundamental frequency", without its path
search: frames are independent.
"""

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ

HOP = SPEECH_RATE_HZ // 100
_WINDOW = SPEECH_RATE_HZ // 25
_LOWEST_HZ, _HIGHEST_HZ = 65.0, 400.0
_VOICED_AT = 0.5


def pitch_hz(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the fundamental frequency every 10 ms; NaN in unvoiced frames.

    samples: shape (n,), at SPEECH_RATE_HZ. Returns shape (m,), one value for each whole window of 40 ms.
    """
    if len(samples) < _WINDOW:
        return np.zeros(0)
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), _WINDOW)[::HOP]
    window = np.hanning(_WINDOW)
    found = _autocorrelation((frames - frames.mean(axis=1, keepdims=True)) * window)
    shape = _autocorrelation(window[None])[0]
    shortest, longest = int(SPEECH_RATE_HZ / _HIGHEST_HZ), int(SPEECH_RATE_HZ / _LOWEST_HZ)
    lags = np.arange(shortest, longest + 1)
    # Longer lags get a small penalty, so that two periods are not mistaken for one.
    strengths = found[:, lags] / np.maximum(found[:, :1], 1e-12) / (shape[lags] / shape[0]) - 0.0005 * lags
    best = strengths.argmax(axis=1)
    voiced = strengths[np.arange(len(frames)), best] >= _VOICED_AT
    return np.where(voiced, SPEECH_RATE_HZ / lags[best], np.nan)


def _autocorrelation(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(frames, 2 * _WINDOW, axis=1)
    return np.asarray(np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :_WINDOW], dtype=np.float64)
