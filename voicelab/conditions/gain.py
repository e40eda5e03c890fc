"""Gain and full-scale limits."""

import numpy as np

from voicelab.audio.clip import Clip


def amplify(clip: Clip, gain_db: float) -> Clip:
    """Multiply every sample by 10^(gain_db / 20). The result may exceed full scale; it is not clipped here."""
    return Clip((clip.samples.astype(np.float64) * 10 ** (gain_db / 20)).astype(np.float32), clip.rate_hz)


def fit(clip: Clip) -> tuple[Clip, float]:
    """Scale the clip to full scale if needed; return it and the gain in dB, 0.0 or negative.

    The whole clip is scaled, which preserves the SNR. Full scale is the largest sample of 16-bit PCM.
    """
    peak = float(np.max(np.abs(clip.samples), initial=0.0))
    largest = 32767 / 32768
    if peak <= largest:
        return clip, 0.0
    scale_db = 20 * float(np.log10(largest / peak))
    return amplify(clip, scale_db), scale_db
