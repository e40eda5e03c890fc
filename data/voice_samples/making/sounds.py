"""Sounds in which nobody asks for anything, made from numbers: room tone, noise, hum, keys, coughs, breath."""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from making.waveform import FRAME, RATE_HZ, Samples
from voicelab.conditions import noise

_Wave = npt.NDArray[np.float64]


def make_sound(sample: dict[str, Any]) -> Samples:
    """The sound that `sample["sound"]` describes: kind, seconds, level_dbfs (RMS of the whole), null for zeros."""
    wanted = sample["sound"]
    count = round(wanted["seconds"] * RATE_HZ) // FRAME * FRAME
    if wanted["level_dbfs"] is None:
        return np.zeros(count, dtype=np.float32)
    chance = np.random.default_rng(zlib.crc32(sample["id"].encode()))
    made = _KINDS[wanted["kind"]](count, chance)
    rms = float(np.sqrt(np.mean(np.square(made))))
    return np.clip(made * 10 ** (wanted["level_dbfs"] / 20) / rms, -0.89, 0.89).astype(np.float32)


def _pink(count: int, chance: np.random.Generator) -> _Wave:
    return noise.pink(count, chance).samples.astype(np.float64)


def _white(count: int, chance: np.random.Generator) -> _Wave:
    return noise.white(count, chance).samples.astype(np.float64)


def _hum(count: int, chance: np.random.Generator) -> _Wave:
    """Mains hum: 60 Hz and its overtones over a little noise."""
    instants = np.arange(count) / RATE_HZ
    tones = [np.sin(2 * np.pi * 60 * k * instants + chance.uniform(0, 6)) / k for k in (1, 2, 3, 4, 6)]
    return np.sum(tones, axis=0) + 0.02 * chance.standard_normal(count)


def _keys(count: int, chance: np.random.Generator) -> _Wave:
    """A keyboard: short clicks, four to eight a second."""
    made = 0.003 * chance.standard_normal(count)
    at = round(0.3 * RATE_HZ)
    while at + 800 < count:
        decay = np.exp(-np.arange(800) / chance.uniform(30, 120))
        made[at : at + 800] += chance.uniform(0.4, 1.0) * decay * chance.standard_normal(800)
        at += round(chance.uniform(0.12, 0.25) * RATE_HZ)
    return made


def _cough(count: int, chance: np.random.Generator) -> _Wave:
    return _bursts(count, chance, [0.4])


def _two_coughs(count: int, chance: np.random.Generator) -> _Wave:
    return _bursts(count, chance, [0.4, 0.95])


def _bursts(count: int, chance: np.random.Generator, starts: list[float]) -> _Wave:
    """Coughs: a sudden burst of noise, then a voiced tail, through the resonances of an open throat."""
    made = 0.001 * chance.standard_normal(count)
    for start in starts:
        length = round(0.35 * RATE_HZ)
        instants = np.arange(length) / RATE_HZ
        burst = chance.standard_normal(length) * np.exp(-instants / 0.05)
        pulses = np.sign(np.sin(2 * np.pi * 130 * instants * (1 - 0.4 * instants))) * np.exp(
            -((instants - 0.15) ** 2) / 0.004
        )
        at = round(start * RATE_HZ)
        made[at : at + length] += _resonate(burst + 0.3 * pulses, (600, 1200, 2600))
    return made


def _breath(count: int, chance: np.random.Generator) -> _Wave:
    """One breath: noise that swells and fades."""
    swell = np.sin(np.pi * np.arange(count) / count) ** 2
    return _resonate(chance.standard_normal(count) * swell, (1000, 2200))


def _resonate(samples: _Wave, centres_hz: tuple[float, ...]) -> _Wave:
    """The samples with bands of 400 Hz around the centres stressed."""
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    gain = 0.05 + sum(np.exp(-(((hertz - centre) / 200) ** 2)) for centre in centres_hz)
    return np.asarray(np.fft.irfft(np.fft.rfft(samples) * gain, len(samples)))


_KINDS: dict[str, Callable[[int, np.random.Generator], _Wave]] = {
    "pink_noise": _pink,
    "white_noise": _white,
    "mains_hum": _hum,
    "keyboard": _keys,
    "cough": _cough,
    "two_coughs": _two_coughs,
    "breath": _breath,
}
