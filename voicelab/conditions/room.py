"""The sound of a room: convolution with an impulse response."""

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.conditions.level import active_level_dbfs


def reverberate(clip: Clip, response: Clip) -> Clip:
    """Convolve a clip with an impulse response at the same rate. The result may exceed full scale.

    The delay before the response's largest sample (the direct sound) is removed, so that speech begins where it did.
    The result has the clip's length, so that a reverberation after the clip's end is cut off, and the clip's active
    level (conditions.level), so that an SNR means the same in every room.
    """
    direct = int(np.argmax(np.abs(response.samples)))
    kernel = response.samples[direct:].astype(np.float64)
    size = 1 << int(len(clip.samples) + len(kernel) - 1).bit_length()
    spectrum = np.fft.rfft(clip.samples.astype(np.float64), size) * np.fft.rfft(kernel, size)
    wet = np.fft.irfft(spectrum, size)[: len(clip.samples)]
    made = Clip(wet.astype(np.float32), clip.rate_hz)
    wanted_db, found_db = active_level_dbfs(clip), active_level_dbfs(made)
    if not np.isfinite(wanted_db) or not np.isfinite(found_db):
        return made
    return Clip((wet * 10 ** ((wanted_db - found_db) / 20)).astype(np.float32), clip.rate_hz)
