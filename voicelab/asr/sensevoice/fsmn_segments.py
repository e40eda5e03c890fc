"""Cuts long sound where a voice activity detector hears that speech is over, instead of where its energy falls.

Only that changes: what is decoded at a pause, and what silence around speech is left out, still goes by energy, so that
a detector that mishears cannot lose a word. It hears a segment only when that is so long that it may be cut.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.pauses import FRAME, PAUSE_S, PauseFinder
from voicelab.audio.clip import SPEECH_RATE_HZ

_PAUSE = round(PAUSE_S * SPEECH_RATE_HZ)


class SegmentStream(Protocol):
    """A detector at work on one segment."""

    def feed(self, samples: NDArray[np.float32]) -> int | None:
        """Hear the next samples (SPEECH_RATE_HZ). Where speech ended, counted from the first sample that was fed, when
        it is over after these; None while something is said, or before anything was.
        """


class SegmentDetector(Protocol):
    """A detector in memory."""

    def listen(self) -> SegmentStream:
        """Begin a segment."""


class DetectedPauseFinder(PauseFinder):
    """As PauseFinder; a segment of at least segment_s ends where the detector says."""

    def __init__(self, segment_s: float, detector: SegmentDetector) -> None:
        super().__init__(segment_s)
        self._detector = detector
        self._listening: SegmentStream | None = None
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
        """Let go of sound that no later segment can begin in."""
        needed = self._position - _PAUSE if self._speech_start is None else self._speech_start
        while len(self._sound) > 1 and self._sound_start + len(self._sound[0]) <= needed:
            self._sound_start += len(self._sound.pop(0))
