"""White and pink noise, and mixing at a signal-to-noise ratio."""

import numpy as np

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.conditions.level import active_level_dbfs
from voicelab.errors import InputError

_PINK_FROM_HZ = 20.0


def white(count: int, chance: np.random.Generator) -> Clip:
    """Return `count` samples of white Gaussian noise (flat spectrum up to 8 kHz) at SPEECH_RATE_HZ."""
    return Clip(chance.standard_normal(count).astype(np.float32), SPEECH_RATE_HZ)


def pink(count: int, chance: np.random.Generator) -> Clip:
    """Return Gaussian noise with power proportional to 1 / frequency (3 dB per octave) above 20 Hz, flat below."""
    spectrum = np.fft.rfft(chance.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / SPEECH_RATE_HZ)
    shaped = np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, _PINK_FROM_HZ)), count)
    return Clip(shaped.astype(np.float32), SPEECH_RATE_HZ)


def add(speech: Clip, noise: Clip, snr_db: float) -> Clip:
    """Add noise to the whole clip at the given SNR; the result may exceed full scale.

    SNR = active level of the speech (conditions.level) - root mean square of the noise over the whole clip, both in the
    band of the clip. noise: at the speech's rate, at least as long. Only the noise is scaled, so the noise at two SNRs
    differs only by a factor. Raises InputError for digital silence in either.
    """
    cut = Clip(noise.samples[: len(speech.samples)], noise.rate_hz)
    if noise.rate_hz != speech.rate_hz or len(cut.samples) < len(speech.samples):
        raise ValueError("noise must have the rate of the speech and at least its length")
    speech_db, noise_db = active_level_dbfs(speech), cut.level_dbfs
    if not np.isfinite(speech_db) or not np.isfinite(noise_db):
        raise InputError("an SNR is undefined here, because the recording or its noise is digital silence")
    scaled = cut.samples.astype(np.float64) * 10 ** ((speech_db - snr_db - noise_db) / 20)
    return Clip((speech.samples.astype(np.float64) + scaled).astype(np.float32), speech.rate_hz)
