"""Mel filters, with the scale and the area normalization of Slaney's Auditory Toolbox (1998)."""

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ

_KNEE_HZ, _KNEE_MEL, _STEP_HZ = 1000.0, 15.0, 200 / 3
_LOG_STEP = np.log(6.4) / 27


def mel_filters(bins_hz: NDArray[np.float64], bands: int) -> NDArray[np.float64]:
    """Return one triangle per band, each with the same area in hertz: shape (bins, bands).

    The scale is linear to 1 kHz and logarithmic above. The bands reach from 0 to SPEECH_RATE_HZ / 2.
    """
    highest = float(_KNEE_MEL + np.log(SPEECH_RATE_HZ / 2 / _KNEE_HZ) / _LOG_STEP)
    edges_hz = _to_hz(np.linspace(0, highest, bands + 2))
    low, middle, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising, falling = (bins_hz[:, None] - low) / (middle - low), (high - bins_hz[:, None]) / (high - middle)
    return np.asarray(np.maximum(np.minimum(rising, falling), 0) * 2 / (high - low), dtype=np.float64)


def _to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _KNEE_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _KNEE_MEL) - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _STEP_HZ, above)
