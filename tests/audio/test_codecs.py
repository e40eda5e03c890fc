"""Containers: supported ones are decoded; others are an error that names the source."""

import pytest

from tests.support.container_files import container
from tests.support.tones import tone
from voicelab.audio import codecs, decoding
from voicelab.audio.limits import Limits
from voicelab.errors import InputError


@pytest.mark.parametrize(
    ("form", "codec", "name"),
    [("ogg", "libopus", "ogg"), ("webm", "libopus", "webm"), ("flac", "flac", "flac"), ("mp3", "libmp3lame", "mp3"),
     ("wav", "pcm_s16le", "wav"), ("wav", "pcm_u8", "wav"), ("wav", "pcm_f32le", "wav")],
)  # fmt: skip
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_containers_are_recognized_and_read(form, codec, name, layout):
    data = container(form, codec, layout=layout)
    assert decoding.load(data).container == name
    clip = decoding.decode(data)
    assert clip.duration_s == pytest.approx(0.5, abs=0.06)
    assert clip.level_dbfs == pytest.approx(tone(0.5).level_dbfs, abs=0.7)


def test_wav_round_trip_is_exact():
    clip = tone(0.3, 22_050)
    again = decoding.decode(codecs.encode_wav(clip))
    assert again.rate_hz == 22_050
    assert again.to_pcm16() == clip.to_pcm16()


@pytest.mark.parametrize(
    "data",
    [b"", b"OggS", b"not a sound at all" * 20, container("ogg", "libopus")[:60]],
    ids=["nothing", "only a head", "text", "cut short"],
)
def test_what_cannot_be_decoded_names_its_source(data):
    with pytest.raises(InputError, match="my recording"):
        decoding.decode(data, source="my recording")


def test_longer_than_allowed_is_refused():
    with pytest.raises(InputError, match=r"longer than 0\.2 s"):
        decoding.load(codecs.encode_wav(tone(0.5)), limits=Limits(longest_s=0.2))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.wav: cannot be read"):
        decoding.read(tmp_path / "gone.wav")
