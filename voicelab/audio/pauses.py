"""Measures silence in speech: leading, trailing, and the longest pause."""

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import Clip

_FRAME_S = 0.01
_BELOW_SPEECH_DB = 30.0
"""Frames this many dB below the loudest tenth of the frames are silence."""


def leading_s(clip: Clip) -> float:
    """Return the seconds of leading silence; the whole duration of a silent clip."""
    loud = np.flatnonzero(_loud(clip))
    return float(loud[0] * _FRAME_S) if len(loud) else clip.duration_s


def trailing_s(clip: Clip) -> float:
    """Return the seconds of trailing silence; the whole duration of a silent clip."""
    loud = np.flatnonzero(_loud(clip))
    return clip.duration_s - float((loud[-1] + 1) * _FRAME_S) if len(loud) else clip.duration_s


def longest_inside_s(clip: Clip) -> float:
    """Return the longest silence between two sounds, in seconds; 0 without one."""
    loud = np.flatnonzero(_loud(clip))
    return float((np.diff(loud).max(initial=1) - 1) * _FRAME_S)


def _loud(clip: Clip) -> NDArray[np.bool_]:
    size = round(_FRAME_S * clip.rate_hz)
    frames = clip.samples[: len(clip.samples) // size * size].reshape(-1, size)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    if not len(power) or not power.any():
        return np.zeros(len(power), dtype=np.bool_)
    threshold = np.percentile(power, 90) * 10 ** (-_BELOW_SPEECH_DB / 10)
    return np.asarray(power > threshold, dtype=np.bool_)
