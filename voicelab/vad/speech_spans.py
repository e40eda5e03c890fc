"""Find speech in a recording with two different detectors.

Silero distinguishes speech from other sounds, in steps of 32 ms. The energy detector finds boundaries within 5 ms, but
counts coughs and beeps as speech. A boundary counts if both detectors find it (`metrics/response_timing.py`).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.vad.base import FRAME, Detector
from voicelab.vad.silero import Silero

Span = tuple[float, float]
"""Start and end in seconds."""

_HOP_S, _WINDOW_S = 0.005, 0.010
_EDGES_S = (_HOP_S / 2, -_HOP_S / 2)
"""The middle of the part by which the first window differs from the one before, and the last from the one after it."""
_PAD_S = 0.512
_SILERO_THRESHOLD = 0.5
_SILERO_SHORTEST_S = 0.064
_BRIDGED_S = 0.15
_SHORTEST_S = 0.03
_BELOW_SPEECH_DB, _ABOVE_FLOOR_DB, _QUIETEST_DBFS = 32.0, 9.0, -55.0
_DIGITAL_SILENCE_DBFS = -90.0
_LOUDEST_S = 0.2


@dataclass(frozen=True, slots=True)
class SpeechSpans:
    """The speech found by each detector, in order, in seconds from the start of the recording."""

    silero: tuple[Span, ...]
    energy: tuple[Span, ...]


def speech_spans(clip: Clip) -> SpeechSpans:
    """Find speech in a clip of any rate. Raises EngineMissingError if Silero is not installed."""
    heard = clip.at_rate(SPEECH_RATE_HZ)
    return SpeechSpans(silero_spans(heard, loaded_silero()), energy_spans(heard))


@cache
def loaded_silero() -> Silero:
    detector = Silero()
    detector.load()
    return detector


def silero_spans(clip: Clip, detector: Detector) -> tuple[Span, ...]:
    """Find speech by probabilities. The clip is padded with silence, so that its ends are normal boundaries."""
    pad = Clip.silence(_PAD_S, SPEECH_RATE_HZ)
    stream = detector.stream()
    probabilities = np.array([*stream.feed(Clip.join([pad, clip, pad])), *stream.finish()])
    frame_s = FRAME / SPEECH_RATE_HZ
    spans = _spans(probabilities >= _SILERO_THRESHOLD, frame_s, (0.0, frame_s))
    placed = ((max(0.0, start - _PAD_S), min(clip.duration_s, end - _PAD_S)) for start, end in spans)
    return tuple(_bridged([span for span in placed if span[1] - span[0] >= _SILERO_SHORTEST_S - 1e-9]))


def energy_spans(clip: Clip) -> tuple[Span, ...]:
    """Find speech by level: louder than the noise, and not much quieter than the loudest part of the clip.

    The threshold is the highest of: 32 dB below the loudest 200 ms, 9 dB above the noise floor (the 5th percentile of
    all windows that are not digital silence), -55 dBFS. Silence at the ends of a recording does not change it.
    """
    levels = _levels_dbfs(clip)
    sounding = levels[levels > _DIGITAL_SILENCE_DBFS]
    if not len(sounding):
        return ()
    window = min(len(levels), round(_LOUDEST_S / _HOP_S))
    power = np.convolve(10 ** (levels / 10), np.ones(window) / window, mode="valid")
    loudest = 10 * float(np.log10(power.max() + 1e-12))
    floor = float(np.percentile(sounding, 5))
    # Without pauses, the quietest windows are speech and not noise.
    threshold = max(loudest - _BELOW_SPEECH_DB, min(floor + _ABOVE_FLOOR_DB, loudest - 6.0), _QUIETEST_DBFS)
    spans = [span for span in _spans(levels > threshold, _HOP_S, _EDGES_S) if span[1] - span[0] >= _SHORTEST_S]
    return tuple(_bridged(spans))


def _levels_dbfs(clip: Clip) -> NDArray[np.float64]:
    """Return the level of 10 ms windows around every 5 ms; the first and the last extend beyond the clip."""
    hop, size = round(_HOP_S * clip.rate_hz), round(_WINDOW_S * clip.rate_hz)
    squares = np.square(clip.samples, dtype=np.float64)
    sums = np.concatenate([[0.0], np.cumsum(np.pad(squares, (size - hop, size)))])
    starts = np.arange(0, len(clip.samples) + size - hop, hop)
    means: NDArray[np.float64] = np.maximum(sums[starts + size] - sums[starts], 0.0) / size
    return np.asarray(10 * np.log10(means + 1e-12))


def _spans(is_speech: NDArray[np.bool_], hop_s: float, edges_s: Span) -> list[Span]:
    """Return spans of windows. edges_s: the start of a span after the place of its first window, its end after that of
    its last one.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_speech, [False]]).astype(np.int8)))
    return [
        (float(first) * hop_s + edges_s[0], float(end - 1) * hop_s + edges_s[1])
        for first, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def _bridged(spans: list[Span]) -> list[Span]:
    """Join spans with pauses that are shorter than those between turns."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start - joined[-1][1] < _BRIDGED_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
