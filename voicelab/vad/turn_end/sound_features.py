"""Features of pitch and energy just before a pause, relative to the earlier speech."""

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.vad.turn_end.pitch import HOP, pitch_hz

FEATURES = ("pitch_end", "pitch_above_lowest", "level_end", "unvoiced_end")
_FINAL_PITCH, _FINAL_LEVEL = 8, 15
_BELOW_LOUDEST_DB = 30.0
_FEWEST_VOICED = 10
_PITCH_LIMITS = (-4.0, 4.0)
_LOWEST_LEVEL_DB = -25.0


def sound_features(sound: Clip) -> tuple[float, float, float, float] | None:
    """Return FEATURES of speech before a pause; None if there is too little voiced speech.

    pitch_end: pitch of the last 90 ms of voiced speech relative to the overall median, in semitones.
    pitch_above_lowest: the same relative to the tenth percentile. level_end: mean level of the last 150 ms of speech
    relative to its loudest frames, in dB (negative). unvoiced_end: seconds of speech after the last voiced frame. The
    first three are clipped, because octave errors and levels within the noise mean no more than a large difference.
    """
    samples = sound.samples
    levels_db = _levels_db(samples)
    if not len(levels_db):
        return None
    loudest_db = float(np.percentile(levels_db, 95))
    end = int(np.flatnonzero(levels_db >= loudest_db - _BELOW_LOUDEST_DB)[-1]) + 1
    semitones = 12 * np.log2(pitch_hz(samples[: (end + 1) * HOP]))
    voiced = np.flatnonzero(~np.isnan(semitones))
    if len(voiced) < _FEWEST_VOICED:
        return None
    last = int(voiced[-1])
    final = float(np.nanmedian(semitones[max(0, last - _FINAL_PITCH) : last + 1]))
    heard = semitones[voiced]
    level_db = float(np.mean(levels_db[max(0, end - _FINAL_LEVEL) : end])) - loudest_db
    return (
        _limited(final - float(np.median(heard)), _PITCH_LIMITS),
        _limited(final - float(np.percentile(heard, 10)), _PITCH_LIMITS),
        max(level_db, _LOWEST_LEVEL_DB),
        max(0, end - 1 - last) * HOP / SPEECH_RATE_HZ,
    )


def _limited(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])


def _levels_db(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    frames = samples[: len(samples) // HOP * HOP].reshape(-1, HOP).astype(np.float64)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-9), dtype=np.float64)
