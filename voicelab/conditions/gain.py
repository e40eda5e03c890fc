"""Louder and quieter, and the end of the scale."""

from __future__ import annotations

import numpy as np

from voicelab.audio.clip import Clip


def amplify(clip: Clip, gain_db: float) -> Clip:
    """Every sample times 10^(gain_db / 20). The result may leave full scale: nothing is clipped here."""
    return Clip((clip.samples.astype(np.float64) * 10 ** (gain_db / 20)).astype(np.float32), clip.rate_hz)


def fit(clip: Clip) -> tuple[Clip, float]:
    """The clip brought within full scale, and the gain in dB that this took: 0.0 where it fits already, else negative.

    All of it is scaled, so that speech and noise keep their ratio. Full scale is the largest sample of 16-bit PCM.
    """
    peak = float(np.max(np.abs(clip.samples), initial=0.0))
    largest = 32767 / 32768
    if peak <= largest:
        return clip, 0.0
    scale_db = 20 * float(np.log10(largest / peak))
    return amplify(clip, scale_db), scale_db
