"""The audio bytes of a turn: format detection by the first bytes, any chunking, and one valid reply."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.container_files import container
from tests.support.received import received
from tests.support.tones import tone
from voicelab.audio import codecs, opus
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.errors import InputError


@given(st.lists(st.integers(1, 400), max_size=30))
@settings(max_examples=30, deadline=None)
def test_a_container_may_be_cut_anywhere(cuts):
    data = opus.encode_ogg(tone(0.3))
    pieces, start = [], 0
    for size in cuts:
        pieces.append(data[start : start + size])
        start += size
    pieces.append(data[start:])
    assert received([piece for piece in pieces if piece]).duration_s == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize("form", ["opus", "pcm16"])
@pytest.mark.parametrize("kind", [("ogg", "libopus"), ("webm", "libopus"), ("flac", "flac"), ("wav", "pcm_s16le")])
def test_the_first_bytes_decide_whatever_the_format_says(form, kind):
    assert received([container(*kind)], form).duration_s == pytest.approx(0.5, abs=0.05)


def test_raw_packets_become_sound_one_by_one():
    clip = received(opus.encode_packets(tone(1.0)))
    assert clip.duration_s == pytest.approx(1.0, abs=0.03)
    assert clip.level_dbfs == pytest.approx(tone(1.0).level_dbfs, abs=0.5)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
@given(size=st.integers(1, 5000))
@settings(max_examples=8, deadline=None)
def test_pcm_may_be_cut_in_the_middle_of_a_sample(rate_hz, size):
    pcm = tone(0.2, rate_hz).to_pcm16()
    clip = received([pcm[start : start + size] for start in range(0, len(pcm), size)], "pcm16", rate_hz)
    assert clip.duration_s == pytest.approx(0.2, abs=0.003)


def test_pcm_that_looks_like_an_mp3_frame_is_still_pcm():
    clip = Clip.from_pcm16(b"\xff\xfb" * 1600, SPEECH_RATE_HZ)
    assert received([clip.to_pcm16()], "pcm16").to_pcm16() == clip.to_pcm16()


@pytest.mark.parametrize(
    ("chunks", "form", "complaint"),
    [
        ([b"OggS" + b"x" * 50], "opus", "cannot be decoded"),
        ([b"Og"], "opus", "ends after 2 bytes"),
        ([b"\xff" * 40], "opus", "neither a known container nor an Opus packet"),
        ([opus.encode_packets(tone(0.1))[0], b"\xff" * 40], "opus", r"not an Opus packet \(40 bytes\); send WAV"),
        ([b"abc"], "pcm16", "odd number of bytes"),
    ],
)
def test_bytes_that_are_no_sound(chunks, form, complaint):
    with pytest.raises(InputError, match=complaint):
        received(chunks, form)


@pytest.mark.parametrize("data", [codecs.encode_wav(tone(3.0)), tone(3.0).to_pcm16()])
def test_more_than_a_turn_may_hold_is_refused(data):
    with pytest.raises(InputError, match=r"1 s"):
        received([data], "pcm16", longest_s=1.0)
