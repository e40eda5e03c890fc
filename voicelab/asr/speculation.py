"""Streams for offline recognizers: they decode speculatively at pauses while audio arrives.

At a pause, everything since the last split is decoded. If no speech follows, that is the final result, and no work
remains at the end. Long utterances are split at pauses (see pauses.py), and each segment is decoded when complete.
Segments depend on the audio only, not on the chunks, so a stream and a whole clip give the same text.
"""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.base import Transcript
from voicelab.asr.pauses import SoundSpan
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.errors import EngineError

Decode = Callable[[Sequence[NDArray[np.float32]]], list[Transcript]]
"""Decodes segments in order; each result is independent of the other segments."""


class Finder(Protocol):
    """Splits audio into segments; see PauseFinder."""

    @property
    def in_pause(self) -> bool:
        """Whether to decode the current segment now."""

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Process the next samples."""

    def take_segments(self) -> list[SoundSpan]:
        """Return the segments completed since the last call."""

    def tail(self) -> SoundSpan | None:
        """Return the current segment; None if there is nothing to decode."""


class SpeculativeStream:
    """engine: name for errors. finder: a new one. speculate: False defers all decoding to the end.

    partial_s: during speech, `partial` decodes the current segment after this many seconds of new audio; 0: it returns
    only what was decoded at pauses.
    """

    def __init__(
        self, engine: str, decode: Decode, finder: Finder, *, speculate: bool = True, partial_s: float = 0.0
    ) -> None:
        self._engine = engine
        self._decode = decode
        self._speculate = speculate
        self._partial_step = round(partial_s * SPEECH_RATE_HZ)
        self._latest: tuple[SoundSpan, Transcript] | None = None
        self._finder = finder
        self._pieces: list[NDArray[np.float32]] = []
        self._segments: list[SoundSpan] = []
        self._known: dict[SoundSpan, Transcript] = {}

    def feed(self, clip: Clip) -> None:
        _check_rate(self._engine, clip)
        self._pieces.append(clip.samples)
        self._finder.feed(clip.samples)
        self._segments += self._finder.take_segments()
        if self._speculate:
            self._work_off(_with_tail(self._segments, self._finder.tail() if self._finder.in_pause else None))

    def partial(self) -> str:
        """Return the transcript so far, up to the first segment not decoded."""
        decoded = takewhile(self._known.__contains__, self._segments)
        parts = [(self._known[span], span.end - span.start) for span in decoded]
        tail = self._finder.tail() if len(parts) == len(self._segments) else None
        if tail and (found := self._so_far(tail)) is not None:
            parts.append((found, tail.end - tail.start))
        return joined(parts).text

    def finish(self) -> Transcript:
        spans = _with_tail(self._segments, self._finder.tail())
        self._work_off(spans)
        return joined([(self._known[span], span.end - span.start) for span in spans])

    def close(self) -> None:
        self._pieces.clear()
        self._known.clear()

    def _so_far(self, tail: SoundSpan) -> Transcript | None:
        """Return the text of the current segment, at most partial_s of speech late; None if not decoded."""
        if tail in self._known or not self._partial_step:
            return self._known.get(tail)
        latest = self._latest if self._latest and self._latest[0].start == tail.start else None
        if tail.end - (latest[0].end if latest else tail.start) >= self._partial_step:
            latest = self._latest = tail, self._decode([self._whole()[tail.start : tail.end]])[0]
        return latest[1] if latest else None

    def _whole(self) -> NDArray[np.float32]:
        self._pieces = [np.concatenate(self._pieces)]
        return self._pieces[0]

    def _work_off(self, spans: list[SoundSpan]) -> None:
        """Decode all segments not decoded yet, in one call."""
        new = [span for span in spans if span not in self._known]
        if not new:
            return
        whole = self._whole()
        self._known.update(zip(new, self._decode([whole[span.start : span.end] for span in new]), strict=True))


def transcribe_all(
    engine: str, decode: Decode, clips: Sequence[Clip], new_finder: Callable[[], Finder]
) -> list[Transcript]:
    """Return what a stream gives for each clip, decoding the segments of all clips together."""
    pieces: list[NDArray[np.float32]] = []
    counts = []
    for clip in clips:
        _check_rate(engine, clip)
        finder = new_finder()
        finder.feed(clip.samples)
        spans = _with_tail(finder.take_segments(), finder.tail())
        pieces += [clip.samples[span.start : span.end] for span in spans]
        counts.append(len(spans))
    heard = iter(list(zip(decode(pieces), map(len, pieces), strict=True)) if pieces else [])
    return [joined([next(heard) for _ in range(count)]) for count in counts]


def _with_tail(segments: list[SoundSpan], tail: SoundSpan | None) -> list[SoundSpan]:
    return segments if tail is None else [*segments, tail]


def _check_rate(engine: str, clip: Clip) -> None:
    if clip.rate_hz != SPEECH_RATE_HZ:
        raise EngineError(engine, f"expected {SPEECH_RATE_HZ} Hz, got {clip.rate_hz}")


def joined(parts: Sequence[tuple[Transcript, int]]) -> Transcript:
    """Join the transcripts of consecutive segments; language, emotion and event come from the longest one with words.

    parts: each with its length, in any unit. Segments are joined by a space unless both sides are CJK.
    """
    said = [(transcript, length) for transcript, length in parts if transcript.text]
    if not said:
        return parts[0][0] if len(parts) == 1 else Transcript("")
    text = said[0][0].text
    for transcript, _ in said[1:]:
        gap = "" if _is_cjk(text[-1]) and _is_cjk(transcript.text[0]) else " "
        text += gap + transcript.text
    main = max(said, key=lambda part: part[1])[0]
    known = [(transcript.confidence, length) for transcript, length in said if transcript.confidence is not None]
    confidence = sum(value * length for value, length in known) / sum(length for _, length in known) if known else None
    return Transcript(text, main.language, confidence, main.emotion, main.event)


def _is_cjk(character: str) -> bool:
    """Whether a character is an ideograph, kana or CJK punctuation; not hangul, which is written with spaces."""
    return "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"
