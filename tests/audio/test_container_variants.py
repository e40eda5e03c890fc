"""Variants of containers that recorders, phones and editors write, heard whole, whole or in pieces."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest

from tests.support.sounds import SOUNDS, muxed, rf64, rifx, wav
from tests.support.tones import tone
from voicelab.audio import decoding, g711
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.incoming import IncomingAudio
from voicelab.errors import InputError

SPOKEN_S = 1.5
CLIP = tone(SPOKEN_S)
PCM = CLIP.to_pcm16()
MP3, FLAC, AU = (SOUNDS[name](CLIP) for name in ("mp3_bare", "flac", "au_pcm"))
PADDING_S = 0.12
"""The padding of encoders."""


def chunk(kind: bytes, body: bytes, *, padded: bool = True) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2 if padded else 0)


FORMAT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16))
DATA = chunk(b"data", PCM)


def riff(*chunks: bytes, kind: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return kind + struct.pack("<I", len(body) if size is None else size) + body


def extensible(tag: int, bits: int, valid: int, data: bytes, channels: int = 1) -> bytes:
    block = channels * bits // 8
    head = struct.pack("<HHIIHHHHI", 0xFFFE, channels, 16_000, 16_000 * block, block, bits, 22, valid, 0)
    guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
    return riff(chunk(b"fmt ", head + guid), chunk(b"data", data))


def as_integers(bits: int) -> bytes:
    """Big-endian samples."""
    return b"".join(
        round(float(one) * (2 ** (bits - 1) - 1)).to_bytes(bits // 8, "big", signed=True) for one in CLIP.samples
    )


def caf(size: int | None = None) -> bytes:
    """A CAF of PCM; size: a false size of its samples."""
    desc = struct.pack(">d4sIIIII", 16_000, b"lpcm", 2, 2, 1, 1, 16)
    head = b"caff\0\1\0\0desc" + struct.pack(">q", len(desc)) + desc
    return head + b"data" + struct.pack(">q", len(PCM) + 4 if size is None else size) + bytes(4) + PCM


def id3(size: int) -> bytes:
    """A tag with a picture of that size."""
    length = size + 10
    return b"ID3\3\0\0" + bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0)) + b"APIC" + bytes(6 + size)


def with_checksums(adts: bytes) -> bytes:
    """The same frames with (unchecked) checksums."""
    out, index = b"", 0
    while index + 7 <= len(adts):
        head = bytearray(adts[index : index + 7])
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        more = size + 2
        head[1] &= 0xFE
        head[3] = head[3] & 0xFC | more >> 11
        head[4] = more >> 3 & 255
        head[5] = head[5] & 0x1F | (more & 7) << 5
        out += bytes(head) + bytes(2) + adts[index + 7 : index + size]
        index += size
    return out


def with_picture(flac: bytes) -> bytes:
    body = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">IIIIII", 0, 1, 1, 24, 0, 90_000)
    body += random.Random(1).randbytes(90_000)
    return flac[:42] + b"\x06" + len(body).to_bytes(3, "big") + body + flac[42:]


def other_rate(form: str, codec: str, **options: str) -> bytes:
    return muxed(CLIP, form, codec, rate_hz=16_000, **options)


BIG_SIZES = struct.pack("<QQQI", 0, len(PCM), 0, 0)
VARIANTS: dict[str, tuple[bytes, float]] = {
    "wav, bext, LIST and cue before": (
        riff(
            chunk(b"bext", bytes(602)),
            FORMAT,
            chunk(b"LIST", b"INFOISFT\5\0\0\0Lavf\0\0"),
            chunk(b"cue ", bytes(4)),
            DATA,
        ),
        1.5,
    ),
    "wav, odd chunk": (riff(FORMAT, chunk(b"LIST", b"INFOISFT\3\0\0\0abc"), DATA), 1.5),
    "wav, odd chunk without its padding": (
        riff(FORMAT, chunk(b"LIST", b"INFOISFT\3\0\0\0abc", padded=False), DATA),
        1.5,
    ),
    "wav, size 0": (riff(FORMAT, b"data\0\0\0\0" + PCM, size=0), 1.5),
    "wav, size unknown": (riff(FORMAT, b"data\xff\xff\xff\xff" + PCM, size=0xFFFFFFFF), 1.5),
    "wav, two data chunks": (
        riff(FORMAT, chunk(b"data", PCM[:16_000]), chunk(b"LIST", b"INFO"), chunk(b"data", PCM[16_000:])),
        1.5,
    ),
    "rifx, 24 bit": (rifx(as_integers(24), 16_000, bits=24), 1.5),
    "rifx, 32 bit": (rifx(as_integers(32), 16_000, bits=32), 1.5),
    "rifx, float": (rifx(CLIP.samples.astype(">f4").tobytes(), 16_000, tag=3, bits=32), 1.5),
    "rifx, double": (rifx(CLIP.samples.astype(">f8").tobytes(), 16_000, tag=3, bits=64), 1.5),
    "rifx, A-law": (rifx(g711.encode(CLIP, "alaw"), 16_000, tag=6, bits=8, extra=b"\0\0"), 1.5),
    "rifx, extensible": (
        rifx(
            as_integers(16),
            16_000,
            tag=0xFFFE,
            extra=struct.pack(">HHIIHH", 22, 16, 4, 1, 0, 16) + bytes.fromhex("800000aa00389b71"),
        ),
        1.5,
    ),
    "bw64": (b"BW64" + rf64(CLIP)[4:], 1.5),
    "rf64 of unknown size": (riff(chunk(b"ds64", bytes(28)), FORMAT, b"data\xff\xff\xff\xff" + PCM, kind=b"RF64"), 1.5),
    "rf64 with room": (
        riff(chunk(b"ds64", BIG_SIZES), chunk(b"JUNK", bytes(28)), FORMAT, b"data\xff\xff\xff\xff" + PCM, kind=b"RF64"),
        1.5,
    ),
    "extensible, 16 bit": (extensible(1, 16, 16, PCM), 1.5),
    "extensible, float": (extensible(3, 32, 32, CLIP.samples.tobytes()), 1.5),
    "extensible, mu-law": (extensible(7, 8, 8, g711.encode(CLIP, "mulaw")), 1.5),
    "extensible, six channels": (extensible(1, 16, 16, np.repeat(np.frombuffer(PCM, "<i2"), 6).tobytes(), 6), 1.5),
    "mp3 in wav": (muxed(CLIP, "wav", "libmp3lame"), 1.5),
    "g726 in wav": (muxed(CLIP, "wav", "g726", rate_hz=8_000), 1.5),
    "g726 in au": (muxed(CLIP, "au", "g726le", rate_hz=8_000), 1.5),
    "g722 in wav": (muxed(CLIP, "wav", "g722", rate_hz=16_000), 1.5),
    "mov, sowt": (muxed(CLIP, "mov", "pcm_s16le"), 1.5),
    "mov, fl32": (muxed(CLIP, "mov", "pcm_f32le"), 1.5),
    "mov, ima4": (muxed(CLIP, "mov", "adpcm_ima_qt"), 1.5),
    "mp4, flac": (muxed(CLIP, "mp4", "flac", experimental=True), 1.5),
    "mp4, edit list in fragments": (
        muxed(CLIP, "mp4", "aac", options={"movflags": "frag_keyframe+delay_moov", "use_editlist": "1"}),
        1.5,
    ),
    "matroska, mp3": (muxed(CLIP, "matroska", "libmp3lame"), 1.5),
    "webm, 5.1": (muxed(CLIP, "webm", "libopus", layout="5.1"), 1.5),
    "ogg, 5.1": (muxed(CLIP, "ogg", "libopus", layout="5.1"), 1.5),
    "aifc, sowt": (muxed(CLIP, "aiff", "pcm_s16le"), 1.5),
    "aifc, fl32": (muxed(CLIP, "aiff", "pcm_f32be"), 1.5),
    "au behind a comment": (
        AU[:4] + struct.pack(">I", 64) + AU[8:24] + b"a comment".ljust(40, b"\0") + AU[32 if AU[7] == 32 else 24 :],
        1.5,
    ),
    "au of unknown size": (AU[:8] + b"\xff\xff\xff\xff" + AU[12:], 1.5),
    "caf of unknown size": (caf(-1), 1.5),
    "caf, ima4": (muxed(CLIP, "caf", "adpcm_ima_qt"), 1.5),
    "caf, float": (muxed(CLIP, "caf", "pcm_f32le"), 1.5),
    "flac with a picture": (with_picture(FLAC), 1.5),
    "flac behind a tag": (id3(128) + FLAC, 1.5),
    "mp3 behind two tags": (id3(128) + id3(200_000) + MP3, 1.5),
    "aac with checksums": (with_checksums(SOUNDS["aac"](CLIP)), 1.5),
    "ogg, chained with another number of channels": (
        other_rate("ogg", "libopus") + muxed(CLIP, "ogg", "libopus", layout="stereo"),
        3.0,
    ),
    "ogg, chained with another codec": (SOUNDS["ogg_opus"](CLIP) + SOUNDS["ogg_flac"](CLIP), 3.0),
    "mp3, two rates": (MP3 + other_rate("mp3", "libmp3lame"), 3.0),
    "wav, two rates": (SOUNDS["wav"](CLIP) + SOUNDS["wav_24_bit"](CLIP), 3.0),
    "flac, two rates": (FLAC + other_rate("flac", "flac"), 3.0),
    "webm, two rates": (SOUNDS["webm_live"](CLIP) + other_rate("webm", "libopus", layout="stereo"), 3.0),
    "aiff, two rates": (SOUNDS["aiff"](CLIP) + other_rate("aiff", "pcm_s16be"), 3.0),
    "m4a, two rates": (SOUNDS["m4a_index_last"](CLIP) + other_rate("ipod", "aac"), 3.0),
    **{
        f"{name} behind zeros": (bytes(5_000) + SOUNDS[name](CLIP), 1.5)
        for name in ("wav", "m4a_index_last", "mp4_fragmented", "webm_live", "ogg_opus", "flac", "caf", "au", "amr")
    },
}


def streamed(data: bytes, size: int) -> tuple[Clip, float]:
    audio = IncomingAudio(longest_s=30.0)
    clips = [audio.feed(data[start : start + size]) for start in range(0, len(data), size)] + [audio.finish()]
    return Clip.join([clip for clip in clips if clip is not None]), audio.undecoded_s


@pytest.mark.parametrize("name", VARIANTS)
def test_it_is_heard_whole(name: str) -> None:
    data, seconds = VARIANTS[name]
    found = decoding.load(data, rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(seconds, abs=PADDING_S * seconds / SPOKEN_S)
    assert found.clip.level_dbfs == pytest.approx(CLIP.level_dbfs, abs=4.0)
    assert found.undecoded_s == 0
    for size in (999, 1_000):
        clip, undecoded_s = streamed(data, size)
        assert np.array_equal(clip.samples, found.clip.samples)
        assert undecoded_s == 0


@pytest.mark.parametrize(("rate_hz", "frames"), [(48_000, 1), (96_000, 2), (192_000, 5)])
def test_less_than_a_sample_for_the_recognizer_is_no_audio_at_any_rate(rate_hz: int, frames: int) -> None:
    """Otherwise a set or the page would take a recording that no turn can have."""
    for asked_hz in (None, SPEECH_RATE_HZ):
        with pytest.raises(InputError, match="contains no audio"):
            decoding.load(wav(bytes(2 * frames), rate_hz), rate_hz=asked_hz)
        assert len(decoding.load(wav(bytes(2 * frames + 2), rate_hz), rate_hz=asked_hz).clip.samples)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_caf_of_unknown_size_is_heard_up_to_its_cut(share: float) -> None:
    data = caf(-1)
    found = decoding.load(data[: round(share * len(data))], rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(share * SPOKEN_S, abs=0.01)


@pytest.mark.parametrize("lost", [0, 1])
@pytest.mark.parametrize("bits", [16, 24, 32])
def test_the_byte_order_of_a_wav_does_not_matter(bits: int, lost: int) -> None:
    """Also where bytes are lost and the samples have to be realigned."""
    big = as_integers(bits)
    size = bits // 8
    little = b"".join(big[start : start + size][::-1] for start in range(0, len(big), size))
    # Whole samples, and a byte less than the last of them.
    start = len(big) // 2 // size * size
    stop = start + 5 * size + lost
    found = decoding.load(rifx(big[:start] + big[stop:], 16_000, bits=bits) + bytes(size))
    expected = decoding.load(wav(little[:start] + little[stop:], 16_000, bits=bits) + bytes(size))
    assert found.clip.duration_s == pytest.approx(expected.clip.duration_s, abs=0.001)
    assert found.clip.level_dbfs == pytest.approx(expected.clip.level_dbfs, abs=0.05)
    assert found.undecoded_s == pytest.approx(expected.undecoded_s, abs=0.001)
    before = round(0.4 * SPEECH_RATE_HZ)
    assert np.array_equal(found.clip.samples[:before], expected.clip.samples[:before])
