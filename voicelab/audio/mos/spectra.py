"""Input spectra of the models, computed like the published code."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.audio.mel import mel_filters

Floats = NDArray[np.float64]

_MEL_WINDOW, _MEL_HOP, _BANDS = 321, 160, 120
_WINDOW, _HOP = 512, 256


def mel_decibels(samples: Floats) -> NDArray[np.float32]:
    """Return the power in 120 mel bands, shape (frames, 120), in dB below the maximum, scaled for DNSMOS P.808.

    Equals librosa's `melspectrogram` (Slaney's mel scale and norm, centred Hann windows) and `power_to_db`.
    """
    padded = np.pad(samples.astype(np.float64), _MEL_WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _MEL_WINDOW)[::_MEL_HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_MEL_WINDOW) / _MEL_WINDOW)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2 @ _filters()
    decibels = 10 * np.log10(np.maximum(power, 1e-10))
    decibels = np.maximum(decibels - decibels.max(), -80.0)
    return np.asarray((decibels + 40) / 40, dtype=np.float32)


def log_power(samples: Floats) -> NDArray[np.float32]:
    """Return the log power of half-overlapping Hamming frames, shape (frames, 257), scaled for PLCMOS."""
    count = int(np.ceil((len(samples) + _HOP) / _HOP))
    padded = np.zeros((count - 1) * _HOP + _WINDOW)
    padded[_HOP : _HOP + len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(frames * np.hamming(_WINDOW + 1)[:-1])) ** 2
    if not power.any():
        return np.full(power.shape, -8 * np.log(10) / 20, dtype=np.float32)
    floor = power[power > 0].min() * 10.0**-12
    return np.asarray(np.log(np.where(power > 0, power, floor)) / 20, dtype=np.float32)


@cache
def _filters() -> Floats:
    bins_hz = np.arange(1 + _MEL_WINDOW // 2) * SPEECH_RATE_HZ / _MEL_WINDOW
    return mel_filters(bins_hz, _BANDS)
