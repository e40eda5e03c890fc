"""Splits depend on the audio and not on the chunking, and all loud audio is in a segment."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.asr.pauses import PauseFinder, SoundSpan
from voicelab.asr.sensevoice.fsmn_segments import DetectedPauseFinder
from voicelab.audio.clip import SPEECH_RATE_HZ

SEGMENT_S = 1.0


class LoudDetector:
    """Speech ends at the last loud sample, once 0.2 s have followed. Records the audio that it gets."""

    def __init__(self):
        self.heard = []

    def listen(self):
        self.heard.append(np.zeros(0, dtype=np.float32))
        return self

    def feed(self, samples):
        self.heard[-1] = np.concatenate([self.heard[-1], samples])
        loud = np.flatnonzero(np.abs(self.heard[-1]) > 0.1)
        over = len(loud) and len(self.heard[-1]) - loud[-1] > SPEECH_RATE_HZ // 5
        return int(loud[-1]) + 1 if over else None


def sound_of(parts, hiss, seed):
    """parts: lengths of speech and of the gap after it, in units of 50 ms."""
    random = np.random.default_rng(seed)
    levels = [(length, level) for pair in parts for length, level in zip(pair, (0.3, 0), strict=True)]
    envelope = np.concatenate([np.full(length * SPEECH_RATE_HZ // 20, level) for length, level in levels])
    return (envelope * random.choice([-1, 1], len(envelope)) + random.normal(0, hiss, len(envelope))).astype(np.float32)


SOUNDS = st.builds(
    sound_of,
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 20)), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.0005, 0.01]),
    st.integers(0, 9),
)


def spans(finder, sound, size=None):
    found = []
    for start in range(0, len(sound), size or len(sound)):
        finder.feed(sound[start : start + (size or len(sound))])
        found += finder.take_segments()
    tail = finder.tail()
    return [*found, *([tail] if tail else [])]


FINDERS = pytest.mark.parametrize(
    "new", [lambda: PauseFinder(SEGMENT_S), lambda: DetectedPauseFinder(SEGMENT_S, LoudDetector())],
    ids=["energy", "detector"],
)  # fmt: skip


@FINDERS
@given(sound=SOUNDS, size=st.integers(1, 9000))
@settings(max_examples=25, deadline=None)
def test_the_pieces_do_not_depend_on_how_the_sound_came(new, sound, size):
    assert spans(new(), sound, max(size, len(sound) // 300)) == spans(new(), sound)


@FINDERS
@given(sound=SOUNDS)
@settings(max_examples=25, deadline=None)
def test_pieces_are_in_order_of_bounded_length_and_hold_all_that_is_loud(new, sound):
    pieces = spans(new(), sound)
    assert all(piece.start < piece.end <= len(sound) for piece in pieces)
    assert all(before.end <= after.start for before, after in pairwise(pieces))
    assert all(piece.end - piece.start <= 2 * SEGMENT_S * SPEECH_RATE_HZ for piece in pieces[:-1])
    covered = np.zeros(len(sound), dtype=bool)
    for piece in pieces:
        covered[piece.start : piece.end] = True
    assert covered[np.abs(sound) > 0.25].all()


def test_a_detector_finds_the_gap_that_hiss_hides_from_the_energy():
    sound = sound_of([(24, 10), (24, 10)], 0.02, 1)
    assert spans(PauseFinder(SEGMENT_S), sound)[0].end > 24 * SPEECH_RATE_HZ // 20
    found = spans(DetectedPauseFinder(SEGMENT_S, LoudDetector()), sound)
    assert found[0] == SoundSpan(0, 24 * SPEECH_RATE_HZ // 20), "at the last loud sample"
    assert found[1].start == found[0].end, "what follows the cut is in the next piece"


def test_a_detector_hears_only_segments_that_are_long_enough_and_these_from_their_start():
    detector = LoudDetector()
    short = sound_of([(10, 8)], 0.0, 2)
    assert len(spans(DetectedPauseFinder(SEGMENT_S, detector), short, 320)) == 1
    assert detector.heard == []
    sound = sound_of([(24, 10), (24, 10)], 0.0, 3)
    pieces = spans(DetectedPauseFinder(SEGMENT_S, detector), sound, 777)
    assert len(detector.heard) == 2
    for piece, heard in zip(pieces, detector.heard, strict=False):
        np.testing.assert_array_equal(heard, sound[piece.start : piece.start + len(heard)])
