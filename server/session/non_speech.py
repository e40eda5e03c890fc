"""Detect sound without speech: the microphone is too quiet, or the room is too noisy."""

import math

from voicelab.audio.clip import Clip

_LOUD_DBFS = -55.0
"""Above the noise of a quiet room with a common microphone (about -60 dBFS)."""
_AFTER_S = 1.0
"""Minimum duration: longer than a moving chair, shorter than a question."""


class NonSpeechSound:
    """Accumulate the sound since the last speech that is louder than a quiet room."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start again, after speech or a reply."""
        self._energy = 0.0
        self._sound_s = 0.0
        self._is_reported = False

    def add(self, piece: Clip) -> float | None:
        """Add sound. Returns its level in dBFS once enough has accumulated, else None; only once until `reset`."""
        level_dbfs = piece.level_dbfs
        if level_dbfs > _LOUD_DBFS:
            self._sound_s += piece.duration_s
            self._energy += piece.duration_s * 10 ** (level_dbfs / 10)
        if self._is_reported or self._sound_s < _AFTER_S:
            return None
        self._is_reported = True
        return 10 * math.log10(self._energy / self._sound_s)
