"""Tags in a stream of MP3 or AAC frames are skipped wherever they are; neither heard nor counted as damage."""

from __future__ import annotations

import io
import random
import struct

import numpy as np
import pytest

from tests.support.sounds import SOUNDS
from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.incoming import IncomingAudio
from voicelab.audio.tags import WithoutTags

LONG_S = 2.0
CLIP = Clip((0.3 * np.sin(np.arange(round(LONG_S * SPEECH_RATE_HZ)) * 0.17)).astype(np.float32), SPEECH_RATE_HZ)
FRAMES = {name: SOUNDS[name](CLIP) for name in ("mp3_bare", "aac")}
PICTURE = random.Random(3).randbytes(60_000)


def id3(body: bytes) -> bytes:
    size = len(body) + 10
    head = b"ID3\3\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return head + b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body


def ape(body: bytes) -> bytes:
    item = struct.pack("<II", len(body), 0) + b"Cover\0" + body
    head, foot = (
        b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, flags) + bytes(8)
        for flags in (0xA0000000, 0x80000000)
    )
    return head + item + foot


TAGS = {
    "ID3 with a picture": id3(PICTURE),
    "ID3 with frames": id3(FRAMES["mp3_bare"][:9_000]),
    "APE with a picture": ape(PICTURE),
    "APE, then ID3": ape(PICTURE[:500]) + id3(PICTURE[:500]),
    "ID3 version 1": b"TAG" + b"a title".ljust(125, b"\0"),
}


def heard(data: bytes, size: int) -> tuple[float, float]:
    audio = IncomingAudio(longest_s=30.0)
    for start in range(0, len(data), size):
        audio.feed(data[start : start + size])
    audio.finish()
    return audio.duration_s, audio.undecoded_s


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("name", FRAMES)
def test_tags_between_and_behind_frames_are_neither_heard_nor_damage(name: str, tag: str) -> None:
    once = decoding.load(FRAMES[name], rate_hz=SPEECH_RATE_HZ).clip.duration_s
    for data in (FRAMES[name] + TAGS[tag], (FRAMES[name] + TAGS[tag]) * 2, FRAMES[name] + TAGS[tag] + FRAMES[name]):
        found = decoding.load(data, rate_hz=SPEECH_RATE_HZ)
        assert found.clip.duration_s == pytest.approx(once * data.count(FRAMES[name]), abs=0.03)
        assert found.undecoded_s == 0
        for size in (333, 5_000):
            assert heard(data, size) == (found.clip.duration_s, 0)


@pytest.mark.parametrize("tag", sorted(set(TAGS) - {"ID3 version 1"}))
@pytest.mark.parametrize("name", [*FRAMES, "flac", "wav"])
def test_tags_before_a_file_may_arrive_in_any_pieces(name: str, tag: str) -> None:
    data = SOUNDS[name](CLIP)
    once = decoding.load(data, rate_hz=SPEECH_RATE_HZ).clip.duration_s
    for size in (7, 333, 5_000):
        assert heard(TAGS[tag] + data, size) == (once, 0)


class Pieces:
    """Bytes that arrive in these pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._left = iter(pieces)

    def read(self, size: int) -> bytes:
        return next(self._left, b"")


@pytest.mark.parametrize("size", [1, 3, 4_096])
def test_bytes_that_only_look_like_a_tag_stay(size: int) -> None:
    likely = (
        b"ID3",
        b"ID3\xff\0\0\0\0\0\1",
        b"ID3\3\0\x0f\0\0\0\1",
        b"APETAGEX",
        b"APETAGEX" + bytes(40),
        b"AP",
        b"ID",
    )
    for data in (*likely, b"frames".join(likely), b"IDID3APEAPETAGE" * 500):
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        reader = WithoutTags(Pieces(pieces))
        out = b""
        while piece := reader.read(50):
            out += piece
        assert out == data


def test_what_follows_several_tags_at_the_end_of_a_file_is_passed_on():
    tag = b"ID3\x03\0\0\0\0\0\x28" + bytes(40)
    assert read_whole(b"a" * 50 + tag + b"b" * 50 + tag + b"c" * 50) == b"a" * 50 + b"b" * 50 + b"c" * 50


def read_whole(data: bytes) -> bytes:
    reader, found = WithoutTags(io.BytesIO(data)), b""
    while piece := reader.read(32):
        found += piece
    return found
