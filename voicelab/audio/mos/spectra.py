"""Input spectra of the models, computed like the published code."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ

Floats = NDArray[np.float64]

_MEL_WINDOW, _MEL_HOP, _BANDS = 321, 160, 120
_LINEAR_HZ, _BANDS_PER_HZ = 1000.0, 3 / 200
_LOG_STEP = np.log(6.4) / 27
_WINDOW, _HOP = 512, 256


def mel_decibels(samples: Floats) -> NDArray[np.float32]:
    """Return the power in 120 mel bands, shape (frames, 120), in dB below the maximum, scaled for DNSMOS P.808.

    Equals librosa's `melspectrogram` (Slaney's mel scale and norm, centred Hann windows) and `power_to_db`.
    """
    padded = np.pad(samples.astype(np.float64), _MEL_WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _MEL_WINDOW)[::_MEL_HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_MEL_WINDOW) / _MEL_WINDOW)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2 @ _mel_filters().T
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
def _mel_filters() -> Floats:
    """Triangles of equal area on Slaney's scale: linear to 1 kHz, logarithmic above; shape (120, 161)."""
    hz = np.arange(1 + _MEL_WINDOW // 2) * SPEECH_RATE_HZ / _MEL_WINDOW
    edges = _to_hz(np.linspace(0, _to_mel(SPEECH_RATE_HZ / 2), _BANDS + 2))
    widths = np.diff(edges)[:, None]
    ramps = edges[:, None] - hz
    triangles = np.maximum(0, np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]))
    return np.asarray(triangles * (2 / (edges[2:] - edges[:-2]))[:, None], dtype=np.float64)


def _to_mel(hz: float) -> float:
    return float(_LINEAR_HZ * _BANDS_PER_HZ + np.log(hz / _LINEAR_HZ) / _LOG_STEP)


def _to_hz(mel: Floats) -> Floats:
    border = _LINEAR_HZ * _BANDS_PER_HZ
    above = _LINEAR_HZ * np.exp((mel - border) * _LOG_STEP)
    return np.asarray(np.where(mel < border, mel / _BANDS_PER_HZ, above), dtype=np.float64)
