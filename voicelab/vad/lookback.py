"""The sound of the last moments, for an utterance that began before it was noticed."""

from __future__ import annotations

from collections import deque

import numpy as np

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip


class Lookback:
    """Keeps at least the last keep_s of a stream (SPEECH_RATE_HZ), and no more than a piece beyond."""

    def __init__(self, keep_s: float) -> None:
        self._keep = round(keep_s * SPEECH_RATE_HZ)
        self._pieces: deque[Clip] = deque()
        self._kept = 0
        self._position = 0

    def feed(self, clip: Clip) -> None:
        """Take the next piece."""
        self._pieces.append(clip)
        self._kept += len(clip.samples)
        self._position += len(clip.samples)
        while self._kept - len(self._pieces[0].samples) >= self._keep:
            self._kept -= len(self._pieces.popleft().samples)

    def since(self, position: int) -> Clip:
        """All from a sample of the stream on; ValueError when that is no longer kept, or still to come."""
        if not self._position - self._kept <= position <= self._position:
            kept = f"{self._position - self._kept}..{self._position}"
            raise ValueError(f"sample {position} is not kept, only {kept}; keep more seconds")
        samples = [piece.samples for piece in self._pieces] or [np.zeros(0, dtype=np.float32)]
        whole = np.concatenate(samples)
        return Clip(whole[len(whole) - (self._position - position) :], SPEECH_RATE_HZ)
