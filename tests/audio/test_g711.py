"""G.711: both laws compared with FFmpeg's, and telephone audio through the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support.replies import reply_clip
from tests.support.serving import Served, serving, talking
from voicelab.audio import decoding, g711
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.g711 import Law
from voicelab.audio.incoming import IncomingAudio
from voicelab.errors import InputError
from voicelab.paths import PROJECT

LAWS: tuple[Law, ...] = ("mulaw", "alaw")
EVERY_BYTE = bytes(range(256))


def by_ffmpeg(data: bytes, law: Law) -> np.ndarray:
    """The same bytes decoded by FFmpeg, as 16-bit samples."""
    codec = av.CodecContext.create(f"pcm_{law}", "r")
    codec.sample_rate, codec.layout = 8_000, "mono"
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in codec.decode(av.Packet(data))])


@pytest.mark.parametrize("law", LAWS)
def test_each_byte_has_the_level_that_ffmpeg_gives_it(law: Law) -> None:
    ours = np.frombuffer(g711.decode(EVERY_BYTE, law).to_pcm16(), dtype="<i2")
    assert (ours == by_ffmpeg(EVERY_BYTE, law)).all()


@pytest.mark.parametrize("law", LAWS)
def test_encoding_takes_every_level_back_to_a_byte_of_that_level(law: Law) -> None:
    clip = g711.decode(EVERY_BYTE, law)
    assert (g711.decode(g711.encode(clip, law), law).samples == clip.samples).all()


@pytest.mark.parametrize("law", LAWS)
def test_no_level_is_nearer_than_the_one_chosen(law: Law) -> None:
    samples = np.arange(-32_768, 32_768, 7, dtype=np.float32) / 32_768
    chosen = g711.decode(g711.encode(Clip(samples, 8_000), law), law).samples
    levels = g711.decode(EVERY_BYTE, law).samples
    nearest = np.abs(samples[:, None] - levels[None, :]).min(axis=1)
    assert np.abs(chosen - samples) == pytest.approx(nearest, abs=1e-7)


def incoming(chunks: list[bytes], form: str, rate_hz: int = 8_000) -> Clip:
    audio = IncomingAudio(longest_s=60)
    found = [audio.feed(chunk, form, rate_hz) for chunk in chunks] + [audio.finish()]
    return Clip.join([clip for clip in found if clip is not None])


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("size", [1, 160, 333, 10**6])
def test_telephone_frames_are_sound_however_they_are_cut(law: Law, size: int) -> None:
    spoken = decoding.read(PROJECT / "data/voice_samples/audio/price_aapl.ogg").at_rate(8_000)
    data = g711.encode(spoken, law)
    heard = incoming([data[start : start + size] for start in range(0, len(data), size)], law)
    assert heard.rate_hz == SPEECH_RATE_HZ
    assert heard.duration_s == pytest.approx(spoken.duration_s, abs=0.001)
    error = heard.samples - spoken.at_rate(SPEECH_RATE_HZ).samples[: len(heard.samples)]
    noise_dbfs = Clip(error, SPEECH_RATE_HZ).level_dbfs
    assert spoken.level_dbfs - noise_dbfs > 30, "the noise of 8 bits, and no more"


@pytest.mark.parametrize(("law", "silence"), [("mulaw", b"\xff"), ("alaw", b"\xd5"), ("alaw", b"U"), ("mulaw", b"~")])
def test_silence_on_the_line_is_no_container_and_no_text(law: Law, silence: bytes) -> None:
    assert incoming([silence * 160] * 10, law).level_dbfs < -70


def test_a_web_page_is_not_heard_as_a_telephone() -> None:
    with pytest.raises(InputError, match="text, not sound"):
        incoming([b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"], "mulaw")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("telephone")
    with serving(folder, asr="pocketsphinx") as running:
        yield running


@pytest.mark.parametrize("law", LAWS)
async def test_the_words_come_through_a_telephone_line(served: Served, law: Law) -> None:
    spoken = decoding.read(PROJECT / "data/voice_samples/audio/price_aapl.ogg").at_rate(8_000)
    data = g711.encode(spoken, law)
    async with talking(served) as talker:
        await talker.init(audio_format=law)
        await talker.say([data[start : start + 160] for start in range(0, len(data), 160)], format=law)
        answer = await talker.answer()
    assert {"how", "much", "apple", "trading", "right", "now"} <= set(answer.one("transcription")["text"].split())
    assert reply_clip(answer.audio, law).rate_hz == 8_000


async def test_a_rate_for_a_format_that_has_its_own_is_refused(served: Served) -> None:
    async with talking(served) as talker:
        await talker.send("init", audio_format="opus", sample_rate=16_000)
        assert "sample_rate: only for audio_format wav, pcm16, mulaw, alaw" in await talker.refusal("bad_message")
