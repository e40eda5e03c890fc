"""The guarantees of Clip about shape, seconds and bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.support.tones import tone
from voicelab.audio.clip import Clip, Resampler


@given(hnp.arrays(np.int16, st.integers(0, 300)))
def test_pcm16_round_trip_is_exact(samples):
    data = samples.astype("<i2").tobytes()
    assert Clip.from_pcm16(data, 16_000).to_pcm16() == data


def test_samples_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        tone(0.1).samples[0] = 1


@pytest.mark.parametrize("bad", [np.zeros(4), np.zeros((2, 2), np.float32)])
def test_other_shapes_and_types_are_refused(bad):
    with pytest.raises(ValueError, match="float32 of shape"):
        Clip(bad, 16_000)


def test_an_odd_number_of_bytes_is_no_pcm16():
    with pytest.raises(ValueError, match="even number of bytes"):
        Clip.from_pcm16(b"abc", 16_000)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
def test_a_rate_change_keeps_duration_and_level(rate_hz):
    there = tone(0.5).at_rate(rate_hz)
    assert there.duration_s == pytest.approx(0.5, abs=1e-3)
    assert there.level_dbfs == pytest.approx(tone(0.5).level_dbfs, abs=0.2)


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=8))
def test_a_stream_resampled_in_pieces_has_no_seam(sizes):
    whole = tone(sum(sizes) / 22_050, 22_050)
    resampler, pieces, start = Resampler(22_050, 16_000), [], 0
    for number, size in enumerate(sizes, start=1):
        piece = Clip(whole.samples[start : start + size], 22_050)
        pieces.append(resampler.feed(piece, last=number == len(sizes)))
        start += size
    once = Resampler(22_050, 16_000).feed(whole, last=True)
    np.testing.assert_allclose(Clip.join(pieces).samples, once.samples, atol=1e-5)


def test_where_sound_starts():
    clip = Clip.join([Clip.silence(0.25), tone(0.1)])
    assert clip.sound_start_s() == pytest.approx(0.25, abs=0.001)
    assert Clip.silence(1.0).sound_start_s() is None
    assert Clip.silence(1.0).level_dbfs == float("-inf")


def test_clips_of_two_rates_are_not_joined():
    with pytest.raises(ValueError, match="one rate"):
        Clip.join([tone(0.1), tone(0.1, 8_000)])
