"""Any bytes sent as audio result either in audio within the limit or in one refusal with our own message."""

from __future__ import annotations

import gc
import io
import random
import struct
import threading
import time
import tracemalloc
import weakref
from contextlib import suppress

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.received import received
from tests.support.serving import container
from tests.support.tones import tone
from voicelab.audio import codecs, decoding, opus
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.containers import find
from voicelab.audio.incoming import IncomingAudio
from voicelab.audio.streaming import StreamDecoder
from voicelab.errors import InputError, TurnTooLongError

SOUND = tone(1.0)
FILES = {
    "ogg": opus.encode_ogg(SOUND),
    "webm": container(SOUND, "webm", "libopus"),
    "wav": container(SOUND, "wav", "pcm_s16le"),
    "flac": container(SOUND, "flac", "flac"),
    "mp3": container(SOUND, "mp3", "libmp3lame"),
}
CUTS = st.lists(st.integers(1, 4000), max_size=40)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(data[start : start + size])
        start += size
    return [piece for piece in [*pieces, data[start:]] if piece]


def outcome(chunks: list[bytes], form: str = "opus", longest_s: float = 10.0) -> Clip | None:
    """The decoded audio, or None if it was refused; any other outcome fails the test."""
    try:
        clip = received(chunks, form, longest_s=longest_s)
    except InputError as refusal:
        clip, words = None, str(refusal)
    else:
        words = ""
    assert "Errno" not in words, "the words of a decoder's exception are not ours"
    assert clip is None or clip.duration_s <= longest_s
    return clip


@pytest.mark.parametrize("kind", FILES)
@given(sizes=CUTS)
@settings(max_examples=12, deadline=None)
def test_what_is_heard_does_not_depend_on_the_cuts(kind: str, sizes: list[int]) -> None:
    whole, streamed = received([FILES[kind]]), received(cut(FILES[kind], sizes))
    assert np.array_equal(whole.samples, streamed.samples)


@pytest.mark.parametrize("kind", ["ogg", "webm", "wav", "mp3", "flac"])
def test_sound_comes_out_before_the_end_has_come_in(kind: str) -> None:
    codec = {"ogg": "libopus", "webm": "libopus", "wav": "pcm_s16le", "mp3": "libmp3lame", "flac": "flac"}[kind]
    data = container(tone(6.0), kind, codec)
    audio, ready_s = IncomingAudio(longest_s=10.0), 0.0
    pieces = cut(data, [500] * (len(data) // 600))
    for piece in pieces:
        clip = audio.feed(piece)
        ready_s += clip.duration_s if clip is not None else 0.0
    deadline = time.monotonic() + 20
    while ready_s < 3.0 and time.monotonic() < deadline:
        time.sleep(0.01)
        clip = audio.feed(b"")
        ready_s += clip.duration_s if clip is not None else 0.0
    audio.close()
    assert ready_s >= 3.0, "five of the six seconds are in; without an end none would have come out"


@pytest.mark.parametrize("kind", FILES)
@given(seed=st.integers(0, 2**32), share=st.floats(0, 1), sizes=CUTS)
@settings(max_examples=15, deadline=None)
def test_a_damaged_file_is_sound_or_refused(kind: str, seed: int, share: float, sizes: list[int]) -> None:
    """Truncated, with bytes changed, or in another order."""
    chance, data = random.Random(seed), bytearray(FILES[kind])
    del data[1 + round(len(data) * share) :]
    for _ in range(chance.randrange(30)):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    pieces = cut(bytes(data), sizes)
    if chance.random() < 0.5:
        chance.shuffle(pieces)
    outcome(pieces)


def test_a_codec_that_nobody_knows_is_refused():
    """Regression: the decoder's thread failed with an AttributeError, and the turn counted as one without audio."""
    data = FILES["webm"].replace(b"A_OPUS", b"A_XPUS")
    assert data != FILES["webm"]
    with pytest.raises(InputError, match="codec is unknown"):
        received([data])
    with pytest.raises(InputError, match="codec is unknown"):
        decoding.decode(data)


@pytest.mark.parametrize("kind", ["ogg", "webm", "wav"])
def test_a_file_without_its_head_is_refused_or_noise_of_its_length(kind: str) -> None:
    """Bytes of a container are refused. Other bytes are parsed in the declared format, which fails too."""
    data = FILES[kind]
    assert outcome([data[:4] + data[60:]]) is None
    assert outcome([data[60:]], "opus") is None


def test_shuffled_pages_of_ogg_are_sound_or_refused() -> None:
    data = opus.encode_ogg(tone(5.0))
    starts = [place for place in range(len(data)) if data.startswith(b"OggS", place)]
    pages = [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]
    for seed in range(10):
        body = pages[2:]
        random.Random(seed).shuffle(body)
        outcome([*pages[:2], *body])


@pytest.mark.parametrize("rate_hz", opus.OPUS_RATES_HZ)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frame_ms", [2.5, 5, 10, 20, 40, 60])
def test_raw_opus_of_every_frame_rate_and_channel_count(rate_hz: int, channels: int, frame_ms: float) -> None:
    lib = opus.load_opuslib()
    encoder = lib.Encoder(rate_hz, channels, lib.APPLICATION_AUDIO)
    size = round(rate_hz * frame_ms / 1000)
    pcm = np.repeat(np.frombuffer(tone(0.6, rate_hz).to_pcm16(), "<i2"), channels)
    packets = [
        bytes(encoder.encode(pcm[start : start + size * channels].tobytes(), size))
        for start in range(0, len(pcm) - size * channels + 1, size * channels)
    ]
    clip = received(packets)
    assert clip.duration_s == pytest.approx(0.6, abs=0.001)
    assert clip.level_dbfs == pytest.approx(tone(0.6).level_dbfs, abs=3.0)


def test_a_packet_of_120_ms() -> None:
    """The longest: six frames of 20 ms in one packet."""
    frames = opus.encode_packets(SOUND)[:6]
    head, body = frames[0][0] | 3, b""
    for frame in frames[:-1]:
        size = len(frame) - 1
        body += bytes([size]) if size < 252 else bytes([252 + size % 4, (size - 252 - size % 4) // 4])
    packet = bytes([head, 0x80 | len(frames)]) + body + b"".join(frame[1:] for frame in frames)
    assert received([packet]).duration_s == pytest.approx(0.12)


def test_gaps_of_discontinuous_transmission_sound_as_long_as_they_are() -> None:
    """A packet of one byte is a frame without data (DTX)."""
    packets = opus.encode_packets(SOUND)
    gap = bytes([packets[0][0]])
    assert received([*packets[:25], *[gap] * 25, *packets[25:50]]).duration_s == pytest.approx(1.5)


def test_packets_with_forward_error_correction_sound_as_long_as_they_are_whatever_is_lost() -> None:
    """Copies of a packet in the next one are not additional audio; nothing is known about lost packets."""
    encoder = opus.PacketEncoder(16_000, 24_000, use="voip", fec_loss_percent=30)
    packets = encoder.feed(SOUND.at_rate(16_000))
    assert received(packets).duration_s == pytest.approx(1.0)
    kept = [packet for number, packet in enumerate(packets) if number % 5]
    clip = received(kept)
    assert clip.duration_s == pytest.approx(0.8)
    assert clip.level_dbfs == pytest.approx(SOUND.level_dbfs, abs=3.0)


@pytest.mark.parametrize("frame_ms", [2.5, 60])
@pytest.mark.parametrize("channels", [1, 2])
def test_opus_of_any_frame_in_webm_and_ogg(frame_ms: float, channels: int) -> None:
    for form in ("webm", "ogg"):
        sink = io.BytesIO()
        with av.open(sink, "w", format=form) as out:
            stream = out.add_stream("libopus", rate=48_000, layout="stereo" if channels == 2 else "mono")
            stream.codec_context.options = {"frame_duration": str(frame_ms)}
            pcm = np.repeat(np.frombuffer(tone(0.6, 48_000).to_pcm16(), "<i2"), channels).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout=stream.codec_context.layout.name)
            frame.sample_rate = 48_000
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                out.mux(packet)
        clip = received([sink.getvalue()])
        assert clip.duration_s == pytest.approx(0.6, abs=0.07)
        assert clip.level_dbfs == pytest.approx(tone(0.6).level_dbfs, abs=3.0)


def hours_of_opus(packet_count: int) -> bytes:
    """An Ogg file of two-byte packets, each with 120 ms of silence."""
    writer = opus.OggOpusWriter(48_000)
    head = writer._head()
    pages, nothing = b"", b"\xe3\x30"
    for number in range(packet_count // 255):
        pages += writer._page([nothing] * 255, granule=(number + 1) * 255 * 5760)
    return head + pages


def test_a_tiny_file_that_unpacks_to_hours_is_refused_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoding stops at the limit: two hours of samples are half a gigabyte."""
    unpacked_s, feed = 0.0, opus.PacketDecoder.feed

    def counting(decoder: opus.PacketDecoder, packet: bytes) -> Clip:
        nonlocal unpacked_s
        clip = feed(decoder, packet)
        unpacked_s += clip.duration_s
        return clip

    monkeypatch.setattr(opus.PacketDecoder, "feed", counting)
    data = hours_of_opus(60_000)
    assert len(data) < 200_000
    assert struct.unpack_from("<q", data, data.rindex(b"OggS") + 6)[0] / 48_000 > 7_000, "two hours, by its own word"
    with pytest.raises(TurnTooLongError, match="10 s"):
        received([data])
    assert 10 < unpacked_s < 11


def test_a_file_of_a_sample_a_second_is_refused_before_it_is_unpacked_and_leaves_nothing() -> None:
    """Regression: sixty kilobytes became 180 MB, which the refusal kept alive until garbage collection."""
    data = codecs.encode(tone(2.0), "wav")
    place = data.index(b"fmt ") + 12
    data = data[:place] + struct.pack("<II", 1, 2) + data[place + 8 :]
    assert outcome([FILES["wav"]]) is not None
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        assert outcome([data]) is None
        left, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert peak < 5e6
    assert left < 1e6


@pytest.mark.parametrize("data", [b"OggS" + b"x" * 5000, FILES["webm"][:200], codecs.encode_wav(tone(12.0))])
def test_a_refused_file_leaves_nothing_to_the_garbage_collector(data: bytes) -> None:
    """Regression: the refusal and the stream referred to each other and stayed until garbage collection."""
    gc.collect()
    gc.disable()
    try:
        found = find(data)
        assert found is not None
        stream = StreamDecoder(found[0], "the audio", longest_s=10.0)
        with suppress(InputError):
            stream.feed(data)
        with suppress(InputError):
            stream.finish()
        gone = weakref.ref(stream)
        del stream
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["ogg", "wav"])
def test_bytes_without_end_that_hold_no_sound_are_refused(kind: str) -> None:
    audio = IncomingAudio(longest_s=1.0)
    head = {"ogg": FILES["ogg"][:40], "wav": b"RIFF\xff\xff\xff\xffWAVEjunk\xff\xff\xff\x7f"}[kind]

    def send_on() -> None:
        for _ in range(200):
            audio.feed(head + bytes(10_000))

    with pytest.raises(InputError):
        send_on()
    audio.close()


def test_threads_end_with_their_turns() -> None:
    """Finished, cancelled or refused decodes do not wait for further bytes."""
    for chunks in ([FILES["webm"]], [FILES["webm"][:300]], [b"OggS" + bytes(5000)]):
        audio = IncomingAudio(longest_s=10.0)
        for chunk in chunks:
            audio.feed(chunk)
        audio.close()
    deadline = time.monotonic() + 20
    while any(thread.name == "container" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_samples_that_are_no_numbers_are_silence() -> None:
    """A WAV of 32-bit floats may contain NaN and infinities, which no recognizer gets."""
    samples = np.array([np.nan, np.inf, -np.inf, 0.5] * 4000, dtype="<f4").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, 16_000, 64_000, 4, 32)
    data = form + struct.pack("<4sI", b"data", len(samples)) + samples
    clip = received([struct.pack("<4sI4s", b"RIFF", len(data) + 4, b"WAVE") + data])
    assert np.isfinite(clip.samples).all()
    assert np.abs(clip.samples).max() <= 1.0


def test_an_odd_number_of_pcm_bytes_is_refused_only_at_the_end() -> None:
    audio = IncomingAudio(longest_s=1.0)
    audio.feed(b"abc", "pcm16", SPEECH_RATE_HZ)
    with pytest.raises(InputError, match="odd"):
        audio.finish()
