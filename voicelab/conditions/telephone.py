"""A narrow-band telephone line: 300 to 3400 Hz at 8 kHz."""

import numpy as np

from voicelab.audio.clip import Clip

RATE_HZ, LOW_HZ, HIGH_HZ = 8_000, 300.0, 3_400.0
_TAPS = 401


def narrow(clip: Clip) -> Clip:
    """Band-limit a clip like a narrow-band line; keeps its rate and length, without delay.

    Resamples to 8 kHz, applies a linear-phase band-pass (Kaiser-windowed sinc, -6 dB at the band edges, over 60 dB
    attenuation from 100 Hz beyond them), and resamples back. The band is that of ITU-T G.712; G.711 companding is not
    applied.
    """
    low = clip.at_rate(RATE_HZ)
    filtered = np.convolve(low.samples.astype(np.float64), _kernel())[_TAPS // 2 :][: len(low.samples)]
    back = Clip(filtered.astype(np.float32), RATE_HZ).at_rate(clip.rate_hz).samples[: len(clip.samples)]
    return Clip(np.pad(back, (0, len(clip.samples) - len(back))), clip.rate_hz)


def _kernel() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    places = np.arange(_TAPS) - _TAPS // 2
    passed = [2 * edge / RATE_HZ * np.sinc(2 * edge / RATE_HZ * places) for edge in (LOW_HZ, HIGH_HZ)]
    # Kaiser's formula for 65 dB: beta = 0.1102 (A - 8.7).
    return np.asarray((passed[1] - passed[0]) * np.kaiser(_TAPS, 6.2), dtype=np.float64)
