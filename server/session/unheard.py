"""Sound in which no speech is found: too quiet or too noisy for it."""

from __future__ import annotations

import math

from voicelab.audio.clip import Clip

_LOUD_DBFS = -55.0
"""Above the noise of a quiet room with a common microphone (about -60 dBFS)."""
_AFTER_S = 1.0
"""How much of such sound there must be: more than a chair that moves, less than a question."""


class Unheard:
    """Adds up the sound since the last speech that is louder than a quiet room."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Speech was found, or the agent speaks: what came before counts no more."""
        self._energy = 0.0
        self._sound_s = 0.0
        self._is_told = False

    def add(self, piece: Clip) -> float | None:
        """Take the next sound; its level in dBFS once there is enough of it, once until `reset`."""
        level_dbfs = piece.level_dbfs
        if level_dbfs > _LOUD_DBFS:
            self._sound_s += piece.duration_s
            self._energy += piece.duration_s * 10 ** (level_dbfs / 10)
        if self._is_told or self._sound_s < _AFTER_S:
            return None
        self._is_told = True
        return 10 * math.log10(self._energy / self._sound_s)
