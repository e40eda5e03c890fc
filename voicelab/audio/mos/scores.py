"""Sound quality of a clip: DNSMOS P.808 and P.835 (Reddy et al. 2021, 2022), PLCMOS v2 (Diener et al. 2023)."""

from dataclasses import dataclass

import numpy as np

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.mos import weights
from voicelab.audio.mos.spectra import Floats, log_power, mel_decibels

_WINDOW_S = 9.01
_WINDOW_SAMPLES = int(_WINDOW_S * SPEECH_RATE_HZ)
_RATERS = 15
_SIGNAL = np.poly1d([-0.08397278, 1.22083953, 0.0052439])
_BACKGROUND = np.poly1d([-0.13166888, 1.60915514, -0.39604546])
_OVERALL = np.poly1d([-0.06766283, 1.11546468, 0.04602535])
"""Polynomials that the published code applies to the three outputs of the P.835 model."""


@dataclass(frozen=True, slots=True)
class SoundQuality:
    """Predicted mean opinion scores, 1 (bad) to 5 (excellent).

    overall, signal, background: DNSMOS P.835. p808: DNSMOS P.808. plcmos: PLCMOS v2, for packet loss.
    """

    overall: float
    signal: float
    background: float
    p808: float
    plcmos: float


class SoundQualityModels:
    """The three loaded models. Raises EngineMissingError without the extra `quality`."""

    def __init__(self) -> None:
        self._p835 = weights.open_model(weights.P835)
        self._p808 = weights.open_model(weights.P808)
        self._plcmos = weights.open_model(weights.PLCMOS)
        # The published code draws new raters for each clip, so its score varies. Fixed raters make it reproducible.
        self._raters = np.random.default_rng(0).standard_normal((_RATERS, 1, 64)).astype(np.float32)

    def score(self, clip: Clip) -> SoundQuality:
        """Score a clip of any rate and length. Raises ValueError for a clip without samples.

        DNSMOS scores windows of 9.01 s, one second apart; a shorter clip is repeated until it fills one.
        """
        samples = np.clip(clip.at_rate(SPEECH_RATE_HZ).samples, -1, 1).astype(np.float64)
        if not len(samples):
            raise ValueError("a clip without samples has no sound quality")
        heard = np.array([self._dnsmos(window) for window in _windows(samples)]).mean(axis=0)
        overall, signal, background, p808 = map(float, heard)
        return SoundQuality(overall, signal, background, p808, self._plc(samples))

    def _dnsmos(self, window: Floats) -> tuple[float, ...]:
        signal, background, overall = self._p835.run(None, {"input_1": window[None].astype(np.float32)})[0][0]
        (p808,) = self._p808.run(None, {"input_1": mel_decibels(window[:-160])[None]})[0][0]
        return float(_OVERALL(overall)), float(_SIGNAL(signal)), float(_BACKGROUND(background)), float(p808)

    def _plc(self, samples: Floats) -> float:
        spectrum = log_power(samples)[None, None]
        given = ({"degraded_audio": spectrum, "rater_embed": rater} for rater in self._raters)
        return float(np.mean([np.squeeze(self._plcmos.run(None, one)[0]) for one in given]))


def _windows(samples: Floats) -> list[Floats]:
    while len(samples) < _WINDOW_SAMPLES:
        samples = np.concatenate([samples, samples])
    # The published code counts windows by whole seconds, and drops one whose end rounds down by a sample. Scores are
    # comparable only over the same windows.
    count = int(len(samples) // SPEECH_RATE_HZ - _WINDOW_S) + 1
    bounds = [(start * SPEECH_RATE_HZ, int((start + _WINDOW_S) * SPEECH_RATE_HZ)) for start in range(count)]
    return [samples[start:end] for start, end in bounds if end - start == _WINDOW_SAMPLES]
