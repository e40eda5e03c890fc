"""Splits long audio where a voice activity detector finds the end of speech, instead of where the energy drops.

Decoding at pauses and removing silence still depend on the energy, so that detector errors cannot lose words. The
detector only runs on segments long enough to be split.
"""

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.pauses import FRAME, PAUSE_S, PauseFinder
from voicelab.asr.sensevoice.fsmn_vad import FsmnSegmentStream, FsmnVad
from voicelab.audio.clip import SPEECH_RATE_HZ

_PAUSE = round(PAUSE_S * SPEECH_RATE_HZ)


class DetectedPauseFinder(PauseFinder):
    """A PauseFinder whose segments of at least segment_s end where the detector says."""

    def __init__(self, segment_s: float, detector: FsmnVad) -> None:
        super().__init__(segment_s)
        self._detector = detector
        self._listening: FsmnSegmentStream | None = None
        self._first_heard = 0
        self._next_heard = 0
        self._sound = [np.zeros(0, dtype=np.float32)]
        self._sound_start = 0

    def feed(self, samples: NDArray[np.float32]) -> None:
        self._sound.append(samples)
        super().feed(samples)
        self._forget()

    def _end_of_speech(self) -> int | None:
        if self._listening is None:
            assert self._speech_start is not None
            self._listening = self._detector.listen()
            self._first_heard = self._next_heard = self._speech_start
        if len(self._sound) > 1:
            self._sound = [np.concatenate(self._sound)]
        new = self._sound[0][self._next_heard - self._sound_start : self._position - self._sound_start]
        self._next_heard = self._position
        found = self._listening.feed(new)
        if found is None:
            return None
        whole_frames = -(-(self._first_heard + found) // FRAME) * FRAME
        return min(whole_frames, self._position)

    def _cut(self, at: int) -> None:
        super()._cut(at)
        self._listening = None

    def _forget(self) -> None:
        """Drop audio before the earliest possible start of the next segment."""
        needed = self._position - _PAUSE if self._speech_start is None else self._speech_start
        while len(self._sound) > 1 and self._sound_start + len(self._sound[0]) <= needed:
            self._sound_start += len(self._sound.pop(0))
