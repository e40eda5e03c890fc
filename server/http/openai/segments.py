"""Group timed words into segments, and write them as subtitles."""

from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.asr.base import TimedWord

_PAUSE_S = 0.7
"""Pause that ends a segment."""
_LONGEST_S = 6.0
_MOST_CHARACTERS = 84
"""Two lines of 42 characters, a common limit for subtitles."""


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """A subtitle. start_s, end_s: position in the recording."""

    text: str
    start_s: float
    end_s: float


def segments_of(words: Sequence[TimedWord]) -> list[TranscriptSegment]:
    """Group words into segments. A segment ends at a pause, or when it would become too long."""
    groups: list[list[TimedWord]] = []
    for word in words:
        if groups and _fits(groups[-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    return [TranscriptSegment(_text(group), group[0].start_s, group[-1].end_s) for group in groups]


def to_srt(segments: Sequence[TranscriptSegment]) -> str:
    """Return SubRip subtitles."""
    return "".join(
        f"{number}\n{_clock(one.start_s, ',')} --> {_clock(one.end_s, ',')}\n{one.text}\n\n"
        for number, one in enumerate(segments, start=1)
    )


def to_vtt(segments: Sequence[TranscriptSegment]) -> str:
    """Return WebVTT subtitles."""
    cues = (f"{_clock(one.start_s, '.')} --> {_clock(one.end_s, '.')}\n{one.text}\n\n" for one in segments)
    return "WEBVTT\n\n" + "".join(cues)


def _fits(group: Sequence[TimedWord], word: TimedWord) -> bool:
    length = len(_text(group)) + 1 + len(word.text)
    is_near = word.start_s - group[-1].end_s < _PAUSE_S
    return is_near and word.end_s - group[0].start_s <= _LONGEST_S and length <= _MOST_CHARACTERS


def _text(group: Sequence[TimedWord]) -> str:
    return " ".join(word.text for word in group)


def _clock(seconds: float, point: str) -> str:
    minutes, ms = divmod(round(1000 * seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms // 1000:02}{point}{ms % 1000:03}"
