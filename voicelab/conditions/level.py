"""Active speech level by ITU-T P.56 (12/2011), method B."""

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import Clip

_TIME_CONSTANT_S = 0.03
_HANGOVER_S = 0.2
_MARGIN_DB = 15.9
_STEP_DB = 3.0
_STEPS = 32


def active_level_dbfs(clip: Clip) -> float:
    """Return the root mean square over the active part of a clip in dB below full scale; -inf for digital silence.

    Pauses are excluded: a sample is active while the envelope exceeds a threshold, and for 200 ms after. The threshold
    is 15.9 dB below the resulting level. The envelope is the rectified signal after two exponential averages of 30 ms.

    Two simplifications: Thresholds are tried in steps of 3 dB down from the envelope's peak (P.56: powers of two below
    full scale), so that a gain of x dB changes the level by exactly x dB. There is no pre-filter (P.56 does not weight
    either, but asks for a band of 200 Hz to 5.5 kHz when there is hum).
    """
    samples = clip.samples.astype(np.float64)
    energy = float(np.sum(np.square(samples)))
    if not energy:
        return float("-inf")
    hop = max(1, clip.rate_hz // 1000)  # sample the smooth 30 ms envelope every millisecond
    envelope = _envelope(samples, clip.rate_hz)[::hop]
    peak_db = 20 * float(np.log10(envelope.max()))
    hangover = round(_HANGOVER_S * clip.rate_hz / hop)
    below: tuple[float, float] | None = None
    level_db = float("-inf")
    for step in reversed(range(_STEPS)):
        threshold_db = peak_db - step * _STEP_DB
        active = min(len(samples), hop * _active_count(envelope, 10 ** (threshold_db / 20), hangover))
        level_db = 10 * float(np.log10(energy / active))
        # Margin of the level over the threshold; it decreases as the threshold increases.
        over_db = level_db - threshold_db
        if over_db <= _MARGIN_DB:
            if below is None:
                return level_db
            share = (below[0] - _MARGIN_DB) / (below[0] - over_db)
            return below[1] + share * (level_db - below[1])
        below = (over_db, level_db)
    return level_db


def _envelope(samples: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Return |x| after two exponential averages, as one convolution with n·g^n, truncated at a remainder of 1e-6."""
    instants = np.arange(round(17 * _TIME_CONSTANT_S * rate_hz))
    pole = np.exp(-1 / (_TIME_CONSTANT_S * rate_hz))
    kernel = (1 - pole) ** 2 * (instants + 1) * pole**instants
    size = 1 << int(len(samples) + len(kernel) - 1).bit_length()
    spectrum = np.fft.rfft(np.abs(samples), size) * np.fft.rfft(kernel, size)
    return np.asarray(np.fft.irfft(spectrum, size)[: len(samples)], dtype=np.float64)


def _active_count(envelope: NDArray[np.float64], threshold: float, hangover: int) -> int:
    places = np.arange(len(envelope))
    last_over = np.maximum.accumulate(np.where(envelope >= threshold, places, -hangover - 1))
    return max(1, int(np.count_nonzero(places - last_over <= hangover)))
