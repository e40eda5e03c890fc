"""Files one after the other are decoded as one recording, whatever their container."""

from __future__ import annotations

import io
import random
import struct
import time
from contextlib import suppress

import av
import numpy as np
import pytest

from tests.support.sounds import SOUNDS
from tests.support.tones import tone
from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.containers import CONTAINERS, find
from voicelab.audio.incoming import IncomingAudio
from voicelab.audio.limits import DecodeJob, Limits
from voicelab.audio.pipes import SeekablePipe
from voicelab.audio.rows import PartReader
from voicelab.errors import InputError

CLIP = tone(1.2)
FILES = {name: make(CLIP) for name, make in SOUNDS.items()}
PADDING_S = 0.12
"""The padding of encoders."""


def streamed(data: bytes, sizes: list[int]) -> tuple[Clip, float]:
    audio = IncomingAudio(longest_s=30.0)
    clips, start = [], 0
    for size in [*sizes, len(data)]:
        clips.append(audio.feed(data[start : start + size]))
        start += size
    clips.append(audio.finish())
    return Clip.join([clip for clip in clips if clip is not None]), audio.undecoded_s


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("name", FILES)
def test_files_in_a_row_are_heard_whole(name: str, count: int) -> None:
    found = decoding.load(FILES[name] * count, rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(count * CLIP.duration_s, abs=count * PADDING_S)
    assert found.undecoded_s == 0
    last = found.clip.between(found.clip.duration_s - 1.0, found.clip.duration_s - 0.2)
    assert last.level_dbfs == pytest.approx(CLIP.level_dbfs, abs=3.0)


@pytest.mark.parametrize("name", FILES)
def test_the_cuts_of_a_stream_do_not_matter_to_its_files(name: str) -> None:
    chance = random.Random(name)
    data = FILES[name] * 2
    whole = decoding.load(data, rate_hz=SPEECH_RATE_HZ)
    for border in (len(data) // 2 - 1, len(data) // 2, len(data) // 2 + 3):
        clip, undecoded_s = streamed(data, [border, *(chance.randrange(1, 900) for _ in range(20))])
        assert np.array_equal(clip.samples, whole.clip.samples)
        assert undecoded_s == whole.undecoded_s


@pytest.mark.parametrize("name", ["webm_live", "webm_opus", "mp4_fragmented", "m4a_index_last", "m4a_index_first"])
def test_a_broken_file_in_a_row_costs_itself(name: str) -> None:
    broken = bytearray(FILES[name])
    broken[60:-200] = random.Random(1).randbytes(len(broken) - 260)
    found = decoding.load(FILES[name] + bytes(broken) + FILES[name], rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(2 * CLIP.duration_s, abs=2 * PADDING_S)
    assert found.undecoded_s == pytest.approx(CLIP.duration_s, abs=0.4)


@pytest.mark.parametrize("name", ["webm_live", "mp4_fragmented", "mp4_opus_fragmented"])
def test_a_file_of_a_row_is_heard_before_the_next_one_comes(name: str) -> None:
    """The next file's start is not waited for."""
    audio = IncomingAudio(longest_s=30.0)
    clip = audio.feed(FILES[name])
    deadline, ready_s = time.monotonic() + 20, clip.duration_s if clip else 0.0
    while ready_s < CLIP.duration_s - 0.3 and time.monotonic() < deadline:
        time.sleep(0.01)
        clip = audio.feed(b"")
        ready_s += clip.duration_s if clip else 0.0
    audio.close()
    assert ready_s >= CLIP.duration_s - 0.3


@pytest.mark.parametrize(
    "part",
    [
        struct.pack(">I4s4sII", 20, b"ftyp", b"isom", 0, 0),
        b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm",
        struct.pack(">I4sI4sQ", 8, b"moof", 16, b"mfhd", 0),
        b"FORM\0\0\0\x04AIFFSSND",
    ],
    ids=["mp4", "webm", "fragments", "aiff"],
)
@pytest.mark.parametrize("behind", [b"", FILES["mp4_fragmented"]], ids=["alone", "behind sound"])
def test_files_of_a_few_bytes_in_a_long_row_end_at_the_limit_of_time(part: bytes, behind: bytes) -> None:
    data = behind + part * (2_000_000 // len(part))
    began_s = time.thread_time()
    with suppress(InputError):
        decoding.load(data, rate_hz=SPEECH_RATE_HZ, limits=Limits(longest_cpu_s=0.5))
    assert time.thread_time() - began_s < 10 * 0.5


def film(form: str, codec: str, video_codec: str, *, fragmented: bool = False) -> bytes:
    """A film with the clip as its sound."""
    sink = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"} if fragmented else {}
    with av.open(sink, "w", format=form, options=options) as out:
        video = out.add_stream(video_codec, rate=25)
        video.width = video.height = 64
        video.pix_fmt = "yuvj420p" if video_codec == "mjpeg" else "yuv420p"
        sound = out.add_stream(codec, rate=48_000, layout="mono")
        samples = CLIP.at_rate(48_000).samples.reshape(1, -1)
        for number in range(round(CLIP.duration_s * 25)):
            picture = np.random.default_rng(number).integers(0, 255, (64, 64, 3), dtype=np.uint8)
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            part = np.ascontiguousarray(samples[:, number * 1920 : (number + 1) * 1920])
            frame = av.AudioFrame.from_ndarray(part, format="flt", layout="mono")
            frame.sample_rate = 48_000
            out.mux(sound.encode(frame))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))
    return sink.getvalue()


@pytest.mark.parametrize(
    ("form", "codec", "video_codec", "fragmented"),
    [
        ("mp4", "aac", "mpeg4", False),
        ("mp4", "aac", "mpeg4", True),
        ("mov", "pcm_s16le", "mjpeg", False),
        ("matroska", "libopus", "mpeg4", False),
        ("webm", "libopus", "libvpx", False),
    ],
)
def test_films_are_heard_alone_and_in_a_row(form: str, codec: str, video_codec: str, fragmented: bool) -> None:
    data = film(form, codec, video_codec, fragmented=fragmented)
    for count in (1, 2):
        found = decoding.load(data * count, rate_hz=SPEECH_RATE_HZ)
        assert found.clip.duration_s == pytest.approx(count * CLIP.duration_s, abs=count * PADDING_S)
        assert found.undecoded_s == 0


def test_an_mp3_with_a_large_picture_in_its_tag_is_heard() -> None:
    picture = random.Random(2).randbytes(40_000)
    body = b"\0image/png\0\3\0" + picture
    frame = b"APIC" + len(body).to_bytes(4, "big") + b"\0\0" + body
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    data = b"ID3\3\0\0" + size + frame + FILES["mp3_bare"]
    assert decoding.decode(data).duration_s == pytest.approx(CLIP.duration_s, abs=PADDING_S)
    assert streamed(data, [700] * 70)[0].duration_s == pytest.approx(CLIP.duration_s, abs=PADDING_S)


@pytest.mark.parametrize("name", ["m4a_index_last", "mp4_fragmented", "caf", "aiff"])
def test_a_whole_file_is_read_as_it_is(name: str) -> None:
    """From any position, as a demuxer does that seeks."""
    found = find(FILES[name])
    assert found is not None
    pipe = SeekablePipe(DecodeJob("the audio"))
    pipe.put(FILES[name])
    pipe.end()
    reader = PartReader(pipe, found[0].name)
    chance = random.Random(3)
    for _ in range(50):
        place = chance.randrange(len(FILES[name]))
        assert reader.seek(place) == reader.tell() == place
        piece = reader.read(1_000)
        assert piece
        assert piece == FILES[name][place : place + len(piece)]
    assert reader.following() is None
    assert reader.total == len(FILES[name])


def test_only_containers_that_seek_are_read_by_parts() -> None:
    assert {name for name, container in CONTAINERS.items() if container.seeks} == {"mp4", "caf", "aiff"}
