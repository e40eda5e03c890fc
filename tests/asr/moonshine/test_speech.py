"""Segments contain all speech, are short enough, and do not depend on the chunking."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.asr.moonshine.speech import LONGEST_S, MARGIN_S, PAUSE_S, SpeechFinder
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.vad.base import FRAME, Framer


class LoudIsSpeech:
    """A detector stream: a frame's mean level is its probability."""

    def __init__(self):
        self._framer = Framer("loud")

    def feed(self, clip):
        return [float(np.abs(frame).mean()) for frame in self._framer.frames(clip)]

    def finish(self):
        return [float(np.abs(frame).mean()) for frame in self._framer.last()]


def sound_of(parts):
    """parts: frames of speech, then frames of silence, in turn."""
    levels = np.concatenate([np.repeat([0.9, 0.0], part) for part in parts])
    return np.repeat(levels, FRAME).astype(np.float32)


def spans(sound, size, *, segment_s=3.0, pause_s=1.0):
    finder = SpeechFinder(LoudIsSpeech(), segment_s, pause_s)
    found = []
    for start in range(0, len(sound), size):
        finder.feed(sound[start : start + size])
        found += finder.take_segments()
    tail = finder.tail()
    return found + ([tail] if tail else [])


PARTS = st.lists(st.tuples(st.integers(1, 120), st.integers(0, 60)), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(PARTS, st.sampled_from([160, 320, 777, 16_000]))
def test_pieces_do_not_depend_on_the_chunks_and_lose_no_speech(parts, size):
    sound = sound_of(parts)
    whole = spans(sound, len(sound))
    assert spans(sound, size) == whole
    assert all(one.end <= other.start for one, other in pairwise(whole))
    covered = np.zeros(len(sound), dtype=bool)
    for span in whole:
        assert 0 <= span.start < span.end <= len(sound)
        covered[span.start : span.end] = True
    runs = np.split(sound, np.flatnonzero(np.diff(sound)) + 1)
    position = 0
    for run in runs:
        if run[0] and len(run) >= 4 * FRAME:
            assert covered[position : position + len(run)].all()
        position += len(run)


def test_no_piece_is_longer_than_a_model_can_hear():
    sound = sound_of([(2200, 0)])
    found = spans(sound, 320, segment_s=12.0)
    assert found[0].start == 0
    assert max(span.end - span.start for span in found) <= (LONGEST_S + 0.1) * SPEECH_RATE_HZ
    assert [one.end for one in found[:-1]] == [other.start for other in found[1:]]


def test_a_long_pause_ends_a_piece_and_a_short_one_does_not():
    assert len(spans(sound_of([(20, 40), (20, 40)]), 320)) == 2
    assert len(spans(sound_of([(20, 20), (20, 20)]), 320)) == 1


def test_a_click_is_no_speech():
    assert spans(sound_of([(3, 60)] * 4), 320) == []


def test_a_pause_changes_nothing_of_the_piece_before_it():
    """The result decoded at a pause is final if no more speech follows."""
    finder = SpeechFinder(LoudIsSpeech(), 12.0, 1.5)
    finder.feed(sound_of([(30, 0)]))
    assert not finder.in_pause
    finder.feed(np.zeros(round((PAUSE_S + 0.05) * SPEECH_RATE_HZ), dtype=np.float32))
    assert finder.in_pause
    found = finder.tail()
    finder.feed(np.zeros(SPEECH_RATE_HZ // 2, dtype=np.float32))
    assert finder.tail() == found
    assert found is not None
    assert found.end - 30 * FRAME == round(MARGIN_S * SPEECH_RATE_HZ)
