"""Splits a stream into speech segments, independent of the size of the chunks.

Silero's probabilities decide, not the level, because Moonshine transcribes noise, music and silence as words. A segment
keeps a margin around its speech, ends at a long pause, and never exceeds LONGEST_S.
"""

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.pauses import SoundSpan
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.vad.base import FRAME, DetectorStream

LONGEST_S = 24.0
"""Maximum segment in seconds; beyond about 30 s Moonshine repeats itself."""
PAUSE_S = 0.2
"""Silence in seconds at which a long segment may end."""
MARGIN_S = 0.1
"""Margin before and after the speech of a segment in seconds, at most PAUSE_S."""
_SPEECH_AT, _QUIET_BELOW = 0.5, 0.35
_SHORTEST_SPEECH_S = 0.12
_PAUSE_FRAMES = int(PAUSE_S * SPEECH_RATE_HZ) // FRAME + 1
_MARGIN = int(MARGIN_S * SPEECH_RATE_HZ)
_SETTLED_FRAMES = -(-_MARGIN // FRAME)
"""Quiet frames after which more silence does not change the current segment, so that decoding it is worthwhile."""
_SEARCH_S = 6.0
"""Length of the part, in seconds, that is searched for the best place to split a long segment."""


class SpeechFinder:
    """Takes samples (float32, SPEECH_RATE_HZ); `take_segments` returns completed segments, `tail` the current one.

    detector: a speech detector's stream. segment_s: a segment of at least this many seconds ends at its next pause of
    PAUSE_S. pause_s: every segment ends at a pause this long.
    """

    def __init__(self, detector: DetectorStream, segment_s: float, pause_s: float) -> None:
        self._detector = detector
        self._long = round(segment_s * SPEECH_RATE_HZ)
        self._long_pause_frames = round(pause_s * SPEECH_RATE_HZ / FRAME)
        self._fed = 0
        self._position = 0
        self._earliest = 0
        self._start: int | None = None
        self._speech_end = 0
        self._voiced = 0
        self._quiet_frames = _PAUSE_FRAMES
        self._probabilities: list[float] = []
        self._segments: list[SoundSpan] = []

    def feed(self, samples: NDArray[np.float32]) -> None:
        self._fed += len(samples)
        for probability in self._detector.feed(Clip(samples, SPEECH_RATE_HZ)):
            self._take(probability)

    def take_segments(self) -> list[SoundSpan]:
        done, self._segments = self._segments, []
        return done

    @property
    def in_pause(self) -> bool:
        """Whether the current segment contains speech, and silence that covers its margin."""
        return self._start is not None and self._quiet_frames >= _SETTLED_FRAMES

    def tail(self) -> SoundSpan | None:
        """Return the current segment without trailing silence; None without speech."""
        if self._start is None or self._voiced < _SHORTEST_SPEECH_S * SPEECH_RATE_HZ:
            return None
        return SoundSpan(self._start, min(self._fed, self._speech_end + _MARGIN))

    def _take(self, probability: float) -> None:
        goes_on = self._quiet_frames == 0 and probability >= _QUIET_BELOW
        self._position += FRAME
        self._probabilities.append(probability)
        if probability >= _SPEECH_AT or goes_on:
            if self._start is None:
                self._start = max(self._earliest, self._position - FRAME - _MARGIN)
                self._voiced = 0
            self._quiet_frames = 0
            self._voiced += FRAME
            self._speech_end = self._position
        else:
            self._quiet_frames += 1
        if self._start is None:
            self._probabilities.clear()
            return
        length = self._position - self._start
        if self._quiet_frames >= self._long_pause_frames or (
            length >= self._long and self._quiet_frames == _PAUSE_FRAMES
        ):
            self._cut(self._speech_end + _MARGIN)
        elif length >= LONGEST_S * SPEECH_RATE_HZ:
            frames = round(_SEARCH_S * SPEECH_RATE_HZ / FRAME)
            back = frames - 1 - int(np.argmin(self._probabilities[-frames:]))
            self._cut(self._position - back * FRAME)

    def _cut(self, at: int) -> None:
        """End the current segment at a sample; speech after it belongs to the next."""
        assert self._start is not None
        if self._voiced >= _SHORTEST_SPEECH_S * SPEECH_RATE_HZ:
            self._segments.append(SoundSpan(self._start, at))
        self._earliest = at
        self._start = at if self._speech_end > at else None
        self._voiced = max(0, self._speech_end - at)
        self._probabilities.clear()
