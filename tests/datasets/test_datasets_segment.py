"""A segment is exact to the sample, or an error that names the field."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.recordings import ramp, write_recording
from voicelab.audio import decoding
from voicelab.datasets import load
from voicelab.errors import InputError

WHOLE = ramp(4.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segments")
    for ending in (".wav", ".flac", ".mp3", ".ogg"):
        write_recording(folder / f"long{ending}", 4.0)
    return folder


def sample(folder, audio="long.wav", **fields):
    path = folder / "set.jsonl"
    path.write_text(json.dumps({"audio_filepath": audio, "text": "hello"} | fields) + "\n")
    return load(path).samples[0]


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 60_000), length=st.integers(1, 4_000), form=st.sampled_from(["wav", "flac"]))
def test_a_segment_of_lossless_sound_is_exact(folder, start, length, form):
    cut = sample(folder, f"long.{form}", offset=start / 16_000, duration=length / 16_000)
    assert np.array_equal(cut.clip().samples, WHOLE.samples[start : start + length])


@pytest.mark.parametrize("form", ["mp3", "ogg"])
def test_a_segment_of_lossy_sound_is_that_part_of_the_whole(folder, form):
    whole = decoding.read(folder / f"long.{form}")
    clip = sample(folder, f"long.{form}", offset=2.5, duration=0.5).clip()
    there = whole.samples[round(2.5 * whole.rate_hz) : round(3.0 * whole.rate_hz)]
    assert clip.duration_s == 0.5
    assert np.max(np.abs(clip.samples - there)) < 0.02


def test_what_is_not_a_part_is_sent_as_it_is(folder):
    data = (folder / "long.wav").read_bytes()
    for fields in ({}, {"duration": 4.0}, {"duration": 3.95}, {"offset": None, "duration": None}):
        whole = sample(folder, **fields)
        assert (whole.audio_bytes(), whole.is_segment) == (data, False)
    part = sample(folder, duration=1.5)
    assert (part.clip().duration_s, part.is_segment) == (1.5, True)
    assert sample(folder, offset=3.0).clip().duration_s == 1.0
    assert sample(folder, offset=3.0, duration=1.05).clip().duration_s == 1.0, "durations are rounded in manifests"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"offset": -1}, r"set\.jsonl: line 1: field 'offset' must not be negative, not -1"),
        ({"offset": float("nan")}, "line 1: field 'offset' must be a finite number"),
        ({"duration": float("inf")}, "line 1: field 'duration' must be a finite number"),
        ({"offset": "soon"}, "field 'offset' must be a number of seconds, not 'soon'"),
        ({"duration": True}, "field 'duration' must be a number of seconds, not True"),
        ({"offset": 4.0, "duration": 1}, r"line 1: .*field 'offset': 4 s is beyond the end"),
        ({"offset": 9.0, "duration": 1}, r"line 1: .*field 'offset': 9 s is beyond the end"),
        ({"offset": 3.5, "duration": 1}, r"line 1: .*field 'duration': the segment of 1 s .* by 0\.50 s"),
        ({"duration": 5}, "line 1: .*field 'duration': the segment of 5 s"),
        ({"offset": 1, "duration": 0}, "line 1: .*field 'duration' is 0"),
    ],
)
def test_what_is_not_within_the_recording_names_line_and_field(folder, fields, complaint):
    with pytest.raises(InputError, match=complaint):
        sample(folder, **fields).audio_bytes()


def test_segments_of_one_recording_are_several_samples(folder):
    rows = [{"audio_filepath": "long.wav", "text": "a", "offset": start, "duration": 1} for start in (0, 1.0, 2.5)]
    (folder / "many.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [one.id for one in load(folder / "many.jsonl")] == ["long", "long@1", "long@2.5"]


def test_times_of_segments_under_other_names_are_no_segment_and_said(folder):
    path = folder / "other.jsonl"
    row = {"audio_filepath": "long.wav", "text": "hello", "start": 1.0, "end": 2.0}
    path.write_text(json.dumps(row) + "\n")
    (notice,) = load(path).notices
    assert "the columns 'start' and 'end' are not used" in notice
    path.write_text(json.dumps(row | {"offset": 1.0, "duration": 1.0}) + "\n")
    assert load(path).notices == ()
