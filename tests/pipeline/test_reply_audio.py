"""The chunks of a reply's sentences, encoded in a thread or in a process."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.replies import decode_packets, reply_clip
from tests.support.tones import tone
from voicelab.audio.clip import Clip
from voicelab.audio.encoder import ReplyFormat
from voicelab.engines.pool.pool import EnginePool
from voicelab.pipeline.reply_audio import Piece, ReplyAudio, encoder_host


@pytest.fixture
async def encoder() -> AsyncIterator[EnginePool]:
    host = await encoder_host("thread").open()
    yield host
    await host.close()


async def encoded(encoder: EnginePool, form: ReplyFormat, sentences: list[Clip]) -> list[Piece]:
    audio, pieces = ReplyAudio(encoder, form), []
    for number, sentence in enumerate(sentences, start=1):
        for part, last in audio.parts(sentence, last=number == len(sentences)):
            pieces.append(await audio.encode(part, last=last))
    await audio.close()
    return pieces


AT_OWN_RATE = ("opus", "opus_packets", "pcm16")
RESAMPLER_S = 0.07
"""The delay of a resampler to 8 kHz."""


def joined(pieces: list[Piece]) -> bytes:
    return b"".join(chunk for piece in pieces for chunk in piece.chunks)


@given(st.lists(st.integers(0, 60_000), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
@pytest.mark.parametrize("form", ["opus", "wav", "pcm16", "mulaw", "alaw"])
async def test_the_chunks_of_a_reply_join_to_one_valid_file(form: ReplyFormat, sizes: list[int]) -> None:
    # Not the fixture's, because each example has its own event loop.
    encoder = await encoder_host("thread").open()
    pieces = await encoded(encoder, form, [tone(size / 22_050, 22_050) for size in sizes])
    await encoder.close()
    assert pieces[-1].chunks, "the end of a reply is told with its last chunk"
    assert all(chunk for piece in pieces for chunk in piece.chunks)
    assert pieces[-1].ends_s == pytest.approx(sum(sizes) / 22_050, abs=0.002)
    if sum(sizes):
        assert reply_clip(joined(pieces), form).duration_s == pytest.approx(sum(sizes) / 22_050, abs=0.002)


async def test_a_reply_of_packets_is_one_packet_a_chunk(encoder: EnginePool) -> None:
    pieces = await encoded(encoder, "opus_packets", [tone(1.0, 24_000)])
    clip = decode_packets([chunk for piece in pieces for chunk in piece.chunks], 24_000)
    assert clip.duration_s == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("form", [form for form in get_args(ReplyFormat) if form != "wav"])
async def test_the_first_chunk_is_made_before_the_rest(encoder: EnginePool, form: ReplyFormat) -> None:
    """The first chunk of ten seconds of speech is sent before the rest is encoded."""
    audio = ReplyAudio(encoder, form)
    part, last = next(audio.parts(tone(10.0, 24_000), last=True))
    assert not last
    assert (await audio.encode(part, last=last)).chunks
    assert audio.duration_s == pytest.approx(0.2, abs=0.0 if form in AT_OWN_RATE else RESAMPLER_S)
    await audio.close()


@pytest.mark.parametrize("form", ["opus", "pcm16"])
async def test_the_beginning_of_a_reply_is_short_and_the_rest_comes_by_the_second(
    encoder: EnginePool, form: ReplyFormat
) -> None:
    pieces = await encoded(encoder, form, [tone(2.5, 24_000), tone(2.5, 24_000)])
    assert [piece.starts_s for piece in pieces] == pytest.approx([0.0, 0.2, 1.2, 2.2, 2.5, 3.5, 4.5])
    assert [piece.ends_s for piece in pieces] == pytest.approx([0.2, 1.2, 2.2, 2.5, 3.5, 4.5, 5.0])


@pytest.mark.parametrize("form", get_args(ReplyFormat))
async def test_replies_are_the_same_in_a_process_and_in_a_thread_and_do_not_mix(
    encoder: EnginePool, form: ReplyFormat
) -> None:
    sentences = [tone(0.7, 22_050), tone(1.9, 22_050)]
    alone = await encoded(encoder, form, sentences)
    other = ReplyAudio(encoder, form)
    await other.encode(tone(0.3, 24_000), last=False)
    beside = await encoded(encoder, form, sentences)
    await other.close()
    process = await encoder_host("process").open()
    assert len(process.pids) == 1
    there = await encoded(process, form, sentences)
    await process.close()
    assert alone == beside == there


@pytest.mark.parametrize("sizes", [[0], [1], [24_000], [40_000, 33_333]])
async def test_a_wav_reply_has_its_true_length(encoder: EnginePool, sizes: list[int]) -> None:
    pieces = await encoded(encoder, "wav", [tone(size / 24_000, 24_000) for size in sizes])
    data = joined(pieces)
    with wave.open(io.BytesIO(data)) as file:
        assert file.getnframes() == max(1, sum(sizes)) == (len(data) - 44) // 2
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    chunks = pieces[-1].chunks
    assert (pieces[-1].starts_s, pieces[-1].ends_s) == (0.0, pytest.approx(sum(sizes) / 24_000))
    assert len(chunks) == max(1, -(-sum(sizes) // 24_000)), "one for each second"


@pytest.mark.parametrize(("form", "rate_hz"), [("pcm16", 8_000), ("pcm16", 48_000), ("wav", 16_000), ("alaw", 16_000)])
async def test_the_rate_of_samples_can_be_chosen(encoder: EnginePool, form: ReplyFormat, rate_hz: int) -> None:
    audio = ReplyAudio(encoder, form, rate_hz)
    piece = await audio.encode(tone(0.5, 22_050), last=True)
    await audio.close()
    clip = reply_clip(b"".join(piece.chunks), form, rate_hz)
    assert (clip.rate_hz, clip.duration_s) == (rate_hz, pytest.approx(0.5, abs=0.001))


async def test_the_encoder_says_what_it_is(encoder: EnginePool) -> None:
    assert encoder.info.kind == "encoder"
    assert encoder.info.revision.startswith("libopus ")
