"""Opus packets and Ogg Opus streams: readable by other programs, and of exact length."""

import ctypes.util
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.support.replies import decode_packets
from tests.support.sounds import muxed
from tests.support.tones import tone
from voicelab.audio import decoding, opus
from voicelab.audio.clip import Clip
from voicelab.errors import EngineMissingError, InputError

_SHORTEST_S = 0.5 / 16_000
"""Half a sample at the rate of recognizers; anything shorter would be rounded to none."""
STEREO_BIT = 0x04
NOISE = np.random.default_rng(1).normal(0, 0.1, 16_000)
SPOKEN = Clip(np.convolve(NOISE, np.ones(8) / 8, "same").astype(np.float32), 16_000)
"""Noise without high frequencies: unlike a tone, it is similar to itself at one position only."""


@given(st.integers(1, 80_000), st.sampled_from([16_000, 24_000, 48_000]))
@example(1, 16_000)
@example(2, 48_000)
@settings(max_examples=25, deadline=None)
def test_an_ogg_stream_is_as_long_as_what_went_in(count, rate_hz):
    assume(count / rate_hz >= _SHORTEST_S)
    decoded = decoding.decode(opus.encode_ogg(tone(count / rate_hz, rate_hz)))
    assert decoded.rate_hz == 48_000
    assert len(decoded.samples) == round(count / rate_hz * rate_hz) * 48_000 // rate_hz


def test_less_than_half_a_sample_of_speech_is_no_recording():
    with pytest.raises(InputError, match="contains no audio"):
        decoding.decode(opus.encode_ogg(tone(1 / 48_000, 48_000)))


def test_an_ogg_stream_written_in_pieces_is_the_same_sound():
    clip = tone(2.5, 24_000)
    writer = opus.OggOpusWriter(24_000)
    pieces = [writer.feed(clip.between(start, start + 0.5)) for start in (0, 0.5, 1.0, 1.5, 2.0)]
    decoded = decoding.decode(b"".join(pieces) + writer.close())
    assert decoded.duration_s == 2.5
    assert decoded.level_dbfs == pytest.approx(clip.level_dbfs, abs=0.2)


def test_every_page_ends_where_a_player_can_play_on():
    writer = opus.OggOpusWriter(24_000)
    first = writer.feed(tone(1.0, 24_000))
    assert decoding.decode(first).duration_s > 0.9


def test_packets_come_back_as_sound():
    packets = opus.encode_packets(tone(1.0))
    decoded = decode_packets(packets, 16_000)
    assert decoded.duration_s == pytest.approx(1.0, abs=0.021)
    assert decoded.level_dbfs == pytest.approx(tone(1.0).level_dbfs, abs=0.3)


@given(st.binary(max_size=60), st.sampled_from([16_000, 24_000, 48_000]))
@settings(max_examples=80, deadline=None)
def test_packets_are_decoded_as_opuslib_decodes_them(data, rate_hz):
    """Includes packets of one channel that no encoder made, each decoded after the previous ones."""
    data = bytes([data[0] & ~STEREO_BIT]) + data[1:] if data else data
    ours, theirs = opus.PacketDecoder(rate_hz), opus.load_opuslib().Decoder(rate_hz, 1)
    for packet in (*opus.encode_packets(tone(0.1)), data, *opus.encode_packets(tone(0.1))):
        try:
            expected = Clip.from_pcm16(theirs.decode(packet, round(0.12 * rate_hz)), rate_hz) if packet else None
        except opus.load_opuslib().OpusError:
            expected = None
        if expected is None:
            with pytest.raises(InputError):
                ours.feed(packet)
        else:
            assert np.array_equal(ours.feed(packet).samples, expected.samples)


def stereo_packets(gains):
    return decoding.opus_packets(muxed(SPOKEN, "ogg", "libopus", layout="stereo", gains=gains))


@pytest.mark.parametrize("gains", [(1, -1), (0.9, -1), (1, 1), (1, 0.5)])
def test_two_channels_are_mixed_like_those_of_any_other_sound(gains):
    decoded = decode_packets(stereo_packets(gains), 16_000)
    expected = max(map(abs, gains)) if sum(gains) < 0.2 else sum(gains) / 2
    assert decoded.level_dbfs == pytest.approx(SPOKEN.level_dbfs + 20 * np.log10(expected), abs=0.5)


def test_channels_in_opposite_phase_are_not_alternated():
    """Which one is louder changes from frame to frame, and each change would be a click."""
    decoded = decode_packets(stereo_packets((1, -1)), 16_000).samples
    original = SPOKEN.samples
    similarity = np.correlate(decoded, original, "valid" if len(decoded) > len(original) else "full")
    assert np.abs(similarity).max() > 0.95 * np.sqrt(np.square(decoded).sum() * np.square(original).sum())


def test_a_broken_packet_of_two_channels_does_not_disturb_a_stream_of_one():
    packets = opus.encode_packets(tone(0.5))
    undisturbed, disturbed = opus.PacketDecoder(16_000), opus.PacketDecoder(16_000)
    for packet in packets:
        assert packet[0] & STEREO_BIT == 0
        with pytest.raises(InputError):
            disturbed.feed(bytes([0xFF | STEREO_BIT]) * 30)
        assert np.array_equal(disturbed.feed(packet).samples, undisturbed.feed(packet).samples)


def test_a_clip_stays_as_it_is_when_the_next_packet_is_decoded():
    decoder, packets = opus.PacketDecoder(16_000), opus.encode_packets(tone(0.5))
    first = decoder.feed(packets[5])
    before = first.samples.copy()
    decoder.feed(packets[6])
    assert np.array_equal(first.samples, before)


def test_the_packets_of_an_ogg_file_are_those_that_went_in():
    clip = tone(0.5)
    assert decoding.opus_packets(opus.encode_ogg(clip)) == opus.encode_packets(clip)


def test_bytes_that_are_no_packet_are_an_input_error():
    with pytest.raises(InputError, match="not an Opus packet"):
        opus.PacketDecoder(16_000).feed(b"\xff" * 30)
    with pytest.raises(InputError, match="empty"):
        opus.PacketDecoder(16_000).feed(b"")


def bound_library(**environment):
    """Version and error of a new process with these variables; opuslib is bound once per process."""
    program = "from voicelab.audio import opus; print(opus.libopus_version(), opus.load_opuslib().api.lib_location)"
    values = {name: value for name, value in os.environ.items() if name != opus.LIBOPUS_VARIABLE} | environment
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=values)
    return done.stdout, done.stderr


def test_the_library_in_pyavs_wheel_comes_first():
    said, _ = bound_library()
    assert "(pyav)" in said
    assert "av.libs" in said


@pytest.mark.skipif(ctypes.util.find_library("opus") is None, reason="this machine has no libopus of its own")
def test_the_systems_library_can_be_chosen():
    said, _ = bound_library(VOICELAB_LIBOPUS="system")
    assert "(system)" in said
    assert "av.libs" not in said


def test_opuslib_loads_without_bytecode_where_warnings_are_errors(tmp_path):
    """As after an installation that does not compile, as uv's."""
    # Python compiles every module again for the new folder. Those of NumPy and others have no such warnings.
    said, error = bound_library(PYTHONPYCACHEPREFIX=str(tmp_path), PYTHONWARNINGS="error::SyntaxWarning")
    assert "libopus" in said, error
    assert not error


def test_an_unknown_choice_of_library_is_refused():
    _, error = bound_library(VOICELAB_LIBOPUS="mine")
    assert "VOICELAB_LIBOPUS is 'mine'; choose one of: auto, pyav, system" in error


def test_without_pyavs_library_the_systems_is_used(monkeypatch):
    monkeypatch.delenv(opus.LIBOPUS_VARIABLE, raising=False)
    monkeypatch.setattr(opus, "bundled_library", lambda name: None)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: f"lib{name}.so.0")
    assert opus.find_libopus() == ("libopus.so.0", "system")


def test_with_neither_library_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(opus, "bundled_library", lambda name: None)
    with pytest.raises(EngineMissingError, match="apt install libopus0"):
        opus.find_libopus()


def test_an_encoder_takes_only_its_own_rate():
    with pytest.raises(ValueError, match="takes 24000 Hz"):
        opus.PacketEncoder(24_000).feed(Clip.silence(0.1, 16_000))
    with pytest.raises(ValueError, match="one of"):
        opus.PacketEncoder(22_050)
