"""Mixes several channels to one."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

_CANCELLED = 0.05
"""Channels cancel each other when their mean has less than this fraction of the loudest channel's energy (-13 dB)."""
_CLEARLY_LOUDER = 1.1
"""Ratio of energies at which another channel replaces the chosen one."""


class Downmix:
    """Mixes the blocks of one stream: their mean, or the loudest channel if they cancel each other (opposite phase)."""

    def __init__(self) -> None:
        self._energies: NDArray[np.float64] | None = None
        self._mean_energy = 0.0
        self._chosen = 0

    def mix(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one channel, shape (n,), of a block, shape (channels, n)."""
        if len(samples) == 1:
            return cast("NDArray[np.float32]", samples[0])
        mean = cast("NDArray[np.float32]", samples.mean(axis=0, dtype=np.float32))
        energies = np.square(samples, dtype=np.float32).sum(axis=1, dtype=np.float64)
        if self._energies is None or len(self._energies) != len(energies):
            self._energies, self._mean_energy, self._chosen = np.zeros(len(energies)), 0.0, 0
        self._energies += energies
        self._mean_energy += float(np.square(mean).sum(dtype=np.float64))
        most = float(self._energies.max())
        # Equally loud channels are not alternated, because each change would invert the phase.
        if self._energies[self._chosen] * _CLEARLY_LOUDER < most:
            self._chosen = int(np.argmax(self._energies))
        if self._mean_energy < _CANCELLED * most:
            return np.ascontiguousarray(samples[self._chosen])
        return mean
