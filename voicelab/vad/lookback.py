"""Buffer recent audio, because an utterance starts before it is detected."""

from collections import deque

import numpy as np

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip


class Lookback:
    """Keeps the last keep_s seconds of a stream (SPEECH_RATE_HZ), and at most one piece more."""

    def __init__(self, keep_s: float) -> None:
        self._keep = round(keep_s * SPEECH_RATE_HZ)
        self._pieces: deque[Clip] = deque()
        self._kept = 0
        self._position = 0

    def feed(self, clip: Clip) -> None:
        self._pieces.append(clip)
        self._kept += len(clip.samples)
        self._position += len(clip.samples)
        while self._kept - len(self._pieces[0].samples) >= self._keep:
            self._kept -= len(self._pieces.popleft().samples)

    def since(self, position: int) -> Clip:
        """Return the audio from this sample on. Raises ValueError if it is no longer buffered or not yet received."""
        if not self._position - self._kept <= position <= self._position:
            kept = f"{self._position - self._kept}..{self._position}"
            raise ValueError(f"sample {position} is not buffered, only {kept}; increase keep_s")
        samples = [piece.samples for piece in self._pieces] or [np.zeros(0, dtype=np.float32)]
        whole = np.concatenate(samples)
        return Clip(whole[len(whole) - (self._position - position) :], SPEECH_RATE_HZ)
