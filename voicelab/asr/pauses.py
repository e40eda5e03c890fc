"""Splits arriving audio into segments that end at pauses, independent of the size of the chunks.

A 20 ms frame counts as speech when it is well above the surrounding noise. A pause is PAUSE_S without such a frame. A
misclassified frame costs time, not words, because audio is removed only PAUSE_S away from any speech.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ

PAUSE_S = 0.3
FRAME = SPEECH_RATE_HZ // 50
_PAUSE_FRAMES = round(PAUSE_S * 50)
_PAUSE = _PAUSE_FRAMES * FRAME
_FLOOR_START_DBFS, _FLOOR_RISE_DB = -70.0, 0.02
_ABOVE_FLOOR_DB, _QUIETEST_SPEECH_DBFS = 9.0, -60.0
_NOTHING_DBFS = -80.0


@dataclass(frozen=True, slots=True)
class SoundSpan:
    """A range of samples of the stream."""

    start: int
    end: int


class PauseFinder:
    """Takes samples (float32, SPEECH_RATE_HZ); `take_segments` returns completed segments, `tail` the current one.

    segment_s: a segment of at least this many seconds ends at the next pause; one of twice the length at its quietest
    frame.
    """

    def __init__(self, segment_s: float) -> None:
        self._shortest = round(segment_s * SPEECH_RATE_HZ)
        self._rest = np.zeros(0, dtype=np.float32)
        self._position = 0
        self._floor_dbfs = _FLOOR_START_DBFS
        self._quiet_frames = _PAUSE_FRAMES
        self._loudest_dbfs = float("-inf")
        self._start = 0
        self._speech_start: int | None = None
        self._speech_end = 0
        self._levels: list[float] = []
        self._segments: list[SoundSpan] = []
        self._any_segment = False

    def feed(self, samples: NDArray[np.float32]) -> None:
        samples = np.concatenate([self._rest, samples])
        frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
        self._rest = samples[frames.size :].copy()
        power = np.mean(np.square(frames, dtype=np.float64), axis=1)
        for level_dbfs in (10 * np.log10(power + 1e-12)).tolist():
            self._take(level_dbfs)

    def take_segments(self) -> list[SoundSpan]:
        done, self._segments = self._segments, []
        return done

    @property
    def in_pause(self) -> bool:
        """Whether the current segment contains speech followed by a pause of PAUSE_S."""
        return self._speech_start is not None and self._quiet_frames >= _PAUSE_FRAMES

    def tail(self) -> SoundSpan | None:
        """Return the current segment without surrounding silence; None if it is empty.

        Audio too quiet for any frame to count as speech is returned whole.
        """
        end = self._position + len(self._rest)
        if self._speech_start is None:
            faint = not self._any_segment and self._loudest_dbfs > _NOTHING_DBFS
            return SoundSpan(self._start, end) if faint else None
        return SoundSpan(self._speech_start, min(end, self._speech_end + _PAUSE))

    def _take(self, level_dbfs: float) -> None:
        self._position += FRAME
        self._levels.append(level_dbfs)
        self._loudest_dbfs = max(self._loudest_dbfs, level_dbfs)
        is_speech = level_dbfs > max(self._floor_dbfs + _ABOVE_FLOOR_DB, _QUIETEST_SPEECH_DBFS)
        self._floor_dbfs = min(level_dbfs, self._floor_dbfs + _FLOOR_RISE_DB)
        self._floor_dbfs = max(self._floor_dbfs, _FLOOR_START_DBFS)
        self._quiet_frames = 0 if is_speech else self._quiet_frames + 1
        if is_speech:
            if self._speech_start is None:
                self._speech_start = max(self._start, self._position - FRAME - _PAUSE)
            self._speech_end = self._position
        if self._speech_start is None:
            return
        length = self._position - self._speech_start
        if length >= self._shortest and (end := self._end_of_speech()) is not None:
            self._cut(end)
        elif length >= 2 * self._shortest:
            frames = max(1, self._shortest // FRAME)
            back = frames - 1 - int(np.argmin(self._levels[-frames:]))
            self._cut(self._position - back * FRAME)

    def _end_of_speech(self) -> int | None:
        """Return where the current segment may end, once that is known."""
        return self._position if self._quiet_frames == _PAUSE_FRAMES else None

    def _cut(self, at: int) -> None:
        assert self._speech_start is not None
        self._segments.append(SoundSpan(self._speech_start, at))
        self._any_segment = True
        self._start = at
        self._speech_start = at if self._speech_end > at else None
        self._levels.clear()
