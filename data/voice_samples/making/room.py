"""Speech from across a room: an impulse response computed by the image source method.

The method of Allen & Berkley (1979), "Image method for efficiently simulating small-room acoustics": every reflection
in a rectangular room is the direct sound of a mirrored source. All walls absorb alike, at all frequencies alike.
"""

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from making.waveform import RATE_HZ, Samples

_SPEED_M_S = 343.0
_SINC_HALF = 40


def impulse_response(room: dict[str, Any]) -> npt.NDArray[np.float64]:
    """The response from `source` to `microphone`, scaled so that the direct sound has the gain 1.

    room: size, source and microphone in m (x, y, z), reverberation_s (for a decay by 60 dB, by Eyring's formula).
    """
    size, source, microphone = (np.array(room[name], dtype=np.float64) for name in ("size", "source", "microphone"))
    seconds = float(room["reverberation_s"])
    reflection = _reflection(size, seconds)
    direct_m = float(np.linalg.norm(source - microphone))
    response = np.zeros(round(seconds * RATE_HZ) + 2 * _SINC_HALF)
    cells = _cells(np.ceil(seconds * _SPEED_M_S / (2 * size)).astype(int))
    for mirror in itertools.product((0, 1), repeat=3):
        places = (1 - 2 * np.array(mirror)) * source + 2 * cells * size
        distances = np.linalg.norm(places - microphone, axis=1)
        bounces = np.sum(np.abs(cells - mirror) + np.abs(cells), axis=1)
        late = (distances - direct_m) / _SPEED_M_S * RATE_HZ
        _add_impulses(response, late, reflection**bounces * direct_m / distances)
    return response[_SINC_HALF:-_SINC_HALF]


def _cells(reach: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The mirrored copies of the room up to `reach` in each direction, shape (n, 3)."""
    axes = np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1)


def heard_from_afar(samples: Samples, room: dict[str, Any]) -> Samples:
    """The samples as the microphone of the room picks them up, as long as before."""
    response = impulse_response(room)
    wet = np.convolve(samples.astype(np.float64), response)[: len(samples)]
    return wet.astype(np.float32)


def _reflection(size: npt.NDArray[np.float64], seconds: float) -> float:
    """The amplitude that a wall reflects, by Eyring's formula for the reverberation time."""
    volume = float(np.prod(size))
    surface = 2 * float(size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    absorption = 1 - float(np.exp(-24 * np.log(10) * volume / (_SPEED_M_S * surface * seconds)))
    return float(np.sqrt(1 - absorption))


def _add_impulses(
    response: npt.NDArray[np.float64], late: npt.NDArray[np.float64], gains: npt.NDArray[np.float64]
) -> None:
    """Add impulses at fractional samples, each as a Hann-windowed sinc; those after the response's end are left out."""
    kept = late < len(response) - 2 * _SINC_HALF - 1
    late, gains = late[kept], gains[kept]
    whole = np.round(late).astype(np.int64)
    for offset in range(2 * _SINC_HALF):
        away = offset - _SINC_HALF + whole - late
        pulse = np.sinc(away) * (0.5 + 0.5 * np.cos(np.pi * away / _SINC_HALF))
        response += np.bincount(whole + offset, weights=gains * pulse, minlength=len(response))
