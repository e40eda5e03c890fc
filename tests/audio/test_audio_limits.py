"""The maximum cost of a file, and the cancellation of decodes."""

from __future__ import annotations

import asyncio
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.serving import until
from tests.support.sounds import SOUNDS, muxed, wav
from tests.support.tones import tone
from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.containers import CONTAINERS
from voicelab.audio.incoming import IncomingAudio
from voicelab.audio.limits import DecodeJob, DecodingStopped, Limits, cancel_all
from voicelab.audio.pipes import SeekablePipe
from voicelab.audio.pyav_libraries import limit_allocations
from voicelab.audio.streaming import StreamDecoder
from voicelab.errors import InputError, TurnTooLongError

_BLOCK = 65_535


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    crc, top = 0, 1 << bits - 1
    for byte in data:
        crc ^= byte << bits - 8
        for _ in range(8):
            crc = (crc << 1 ^ (polynomial if crc & top else 0)) & (1 << bits) - 1
    return crc


def silent_flac(rate_hz: int, channels: int, seconds: float) -> bytes:
    """Silence in constant subframes of the largest block: a few bytes for 65,535 samples of each channel."""
    numbers = struct.pack(">Q", rate_hz << 44 | channels - 1 << 41 | 15 << 36)
    out = [b"fLaC\x80\0\0\x22", struct.pack(">HH", _BLOCK, _BLOCK), bytes(6), numbers, bytes(16)]
    for number in range(round(seconds * rate_hz / _BLOCK)):
        coded = chr(number).encode("utf-8")
        head = bytes([0xFF, 0xF8, 0x70, channels - 1 << 4 | 8]) + coded + struct.pack(">H", _BLOCK - 1)
        frame = head + bytes([_crc(head, 8, 7)]) + bytes(3 * channels)
        out.append(frame + struct.pack(">H", _crc(frame, 16, 0x8005)))
    return b"".join(out)


@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(1_048_575, 1), (655_350, 1), (192_001, 1), (192_000, 8), (96_000, 6)]
)
def test_rates_and_channels_beyond_speech_are_refused_before_they_are_decoded(rate_hz: int, channels: int) -> None:
    data = silent_flac(rate_hz, channels, 20)
    audio = IncomingAudio(longest_s=120)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="Hz"):
            decoding.load(data, rate_hz=SPEECH_RATE_HZ)
        audio.feed(data)
        with pytest.raises(InputError, match="Hz"):
            audio.finish()
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("rate_hz", "channels"), [(192_000, 2), (48_000, 8)])
def test_what_is_within_the_limits_costs_the_memory_of_its_result(rate_hz: int, channels: int) -> None:
    data = silent_flac(rate_hz, channels, 100)
    assert len(data) < 20_000
    tracemalloc.start()
    try:
        clip = decoding.load(data, rate_hz=SPEECH_RATE_HZ, limits=Limits(longest_s=120)).clip
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert clip.duration_s == pytest.approx(100, abs=1)
    # The pieces, their sum, and a block of all channels while it is mixed; resampling it as a whole would take 150 MB.
    assert peak < 3 * clip.samples.nbytes + 16e6


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000, 192_000])
def test_rates_that_are_used_for_speech_are_taken(rate_hz: int) -> None:
    clip = tone(0.5, rate_hz)
    assert decoding.decode(wav(clip.to_pcm16(), rate_hz)).rate_hz == rate_hz
    audio = IncomingAudio(longest_s=2.0)
    fed = audio.feed(clip.to_pcm16(), "pcm16", rate_hz)
    last = audio.finish()
    assert fed is not None
    assert last is not None
    assert fed.duration_s + last.duration_s == pytest.approx(0.5, abs=0.01)


def test_more_sound_than_is_allowed_is_refused_when_it_has_come_that_far() -> None:
    with pytest.raises(TurnTooLongError, match="longer than 2 s"):
        decoding.load(silent_flac(16_000, 1, 3_000), limits=Limits(longest_s=2.0))


_MILLIONS = 40_000_000


def _long_index(clip: Clip) -> bytes:
    """An MP4 whose tables declare 40 million samples of one byte."""
    data = bytearray(muxed(clip, "ipod", "aac"))
    for name, fields in (
        (b"stsz", struct.pack(">II", 1, _MILLIONS)),
        (b"stts", struct.pack(">III", 1, _MILLIONS, 2)),
        (b"stsc", struct.pack(">IIII", 1, 1, _MILLIONS, 1)),
    ):
        place = data.index(name) + 8
        data[place : place + len(fields)] = fields
    return bytes(data)


def _long_fragment(clip: Clip) -> bytes:
    """A fragment of an MP4 with the same declaration, without sizes."""
    data = bytearray(SOUNDS["mp4_fragmented"](clip))
    place = data.index(b"trun") + 4
    data[place : place + 8] = struct.pack(">II", 1, _MILLIONS)
    return bytes(data)


@pytest.mark.parametrize("bomb", [_long_index, _long_fragment])
def test_an_index_of_millions_of_samples_in_a_few_bytes_takes_no_memory(bomb: Callable[[Clip], bytes]) -> None:
    """An MP4 declares the length of its index; without a limit, FFmpeg allocates memory for it (1.4 GB here)."""
    assert limit_allocations()
    data = bomb(tone(0.5))
    assert len(data) < 10_000
    before = _peak_kb()
    with pytest.raises(InputError):
        decoding.decode(data)
    assert _peak_kb() - before < 200_000


def _peak_kb() -> int:
    (line,) = (row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1])


def test_a_decode_that_computes_for_too_long_ends() -> None:
    data = silent_flac(48_000, 8, 2_000)
    limits = Limits(longest_cpu_s=0.02, cpu_share=0.0)
    began_s = time.monotonic()
    with pytest.raises(InputError, match="of CPU time"):
        decoding.load(data, rate_hz=SPEECH_RATE_HZ, limits=limits)
    assert time.monotonic() - began_s < 5


def test_a_cancelled_decode_ends_at_once() -> None:
    job = DecodeJob("the audio")
    job.cancel()
    with pytest.raises(DecodingStopped):
        decoding.run(SOUNDS["wav"](tone(0.5)), job)


async def test_a_decode_ends_with_the_caller_that_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    run = decoding.run

    def watched(*arguments: object, **named: object) -> object:
        try:
            return run(*arguments, **named)  # type: ignore[arg-type]
        finally:
            ended.set()

    monkeypatch.setattr(decoding, "run", watched)
    limits = Limits(longest_cpu_s=60)
    task = asyncio.create_task(decoding.load_async(silent_flac(48_000, 8, 6_000), limits=limits))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 6)


async def test_all_decodes_end_with_the_process() -> None:
    task = asyncio.create_task(decoding.load_async(silent_flac(48_000, 8, 6_000), limits=Limits(longest_cpu_s=60)))
    await asyncio.sleep(0.1)
    began_s = time.monotonic()
    cancel_all()
    with pytest.raises(InputError, match="the process is shutting down"):
        await task
    assert time.monotonic() - began_s < 6, "all of it takes twice as long"


@pytest.mark.parametrize("kind", ["mp4", "wav", "webm"])
def test_a_stream_that_is_given_up_frees_its_thread(kind: str) -> None:
    made = {"mp4": "m4a_index_last", "wav": "wav", "webm": "webm_opus"}
    data = SOUNDS[made[kind]](tone(0.5))
    before = threading.active_count()
    stream = StreamDecoder(CONTAINERS[kind], "the audio", longest_s=10.0)
    stream.feed(data[: len(data) // 2])
    stream.close()
    until(lambda: threading.active_count() <= before)


def test_an_endless_mp4_keeps_its_last_bytes_only() -> None:
    """An endless stream of fragments: decoded audio is not kept forever."""
    pipe = SeekablePipe(DecodeJob("the audio"))
    for _ in range(60):
        pipe.put(bytes(2**20))
        while pipe._ready():
            pipe.read(2**20)
    assert len(pipe._data) <= 33 * 2**20
    assert pipe.seek(0) == -1
    assert pipe.seek(59 * 2**20) == 59 * 2**20


def test_sound_is_joined_without_a_seam_whatever_comes_at_once() -> None:
    clip = tone(1.0, 44_100)
    data = wav(clip.to_pcm16(), 44_100)
    whole = decoding.load(data, rate_hz=SPEECH_RATE_HZ).clip
    assert isinstance(whole, Clip)
    assert whole.samples[100:-100] == pytest.approx(clip.at_rate(SPEECH_RATE_HZ).samples[100:-100], abs=2e-3)


@pytest.mark.parametrize("data", [b" " * 10_000_000, b"\xff" * 10_000_000, bytes(10_000_000), b"[" + b" " * 10_000_000])
def test_what_is_no_sound_is_told_at_once_however_long_it_is(data: bytes) -> None:
    began_s = time.thread_time()
    with pytest.raises(InputError):
        decoding.load(data)
    assert time.thread_time() - began_s < 1


def test_a_file_that_is_too_large_to_read_is_refused(tmp_path):
    huge = tmp_path / "huge.wav"
    with huge.open("wb") as file:
        file.truncate(30 * 2**30)  # sparse: it takes no space
    with pytest.raises(InputError, match=r"huge.wav: 30.0 GiB is too large.*split the recording"):
        decoding.read_bytes(huge)
