"""Damaged audio loses only the damaged part, and the loss is counted, on every input path."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import av
import httpx
import numpy as np
import pytest

from tests.support.serving import serving, talking
from tests.support.sounds import SOUNDS, muxed, wav
from voicelab import RunSpec, datasets, evaluate
from voicelab.audio import decoding, parts
from voicelab.audio.channels import Mixer
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.incoming import IncomingAudio
from voicelab.audio.limits import Limits
from voicelab.errors import InputError

LONG_S = 3.0
TIMES = np.arange(round(LONG_S * SPEECH_RATE_HZ)) / SPEECH_RATE_HZ
CLIP = Clip((0.3 * np.sin(2 * np.pi * 440 * TIMES)).astype(np.float32), SPEECH_RATE_HZ)
MP3 = SOUNDS["mp3_bare"](CLIP)
MP4 = SOUNDS["mp4_fragmented"](CLIP)
TEXT = b"<html>\n<p>502 bad gateway</p>\n</html>\n" * 20


def without(data: bytes, start: int, size: int) -> bytes:
    return data[:start] + data[start + size :]


def heard(chunks: list[bytes], form: str = "opus") -> tuple[float, float]:
    """Seconds of a turn that were decoded, and seconds that were not."""
    audio = IncomingAudio(longest_s=30.0)
    try:
        for chunk in chunks:
            audio.feed(chunk, form)
        audio.finish()
    finally:
        audio.close()
    return audio.duration_s, audio.undecoded_s


# Damaged file, decoded seconds, lost seconds (tolerance 0.15 s).
DAMAGED = {
    "mp3, zeros behind": (MP3 + bytes(30_000), 3.0, 0.0),
    "mp3, a tag behind": (MP3 + b"TAG" + b"a name".ljust(125, b"\0"), 3.0, 0.0),
    "mp3, 300 bytes lost": (without(MP3, len(MP3) // 2, 300), 2.95, 0.05),
    "mp3, text in the middle": (MP3[:9_000] + b"<p>error</p>" * 400 + MP3[9_000:], 3.0, 0.6),
    "mp3, two in a row": (SOUNDS["mp3"](CLIP) * 2, 6.0, 0.0),
    "aac, 300 bytes lost": (without(SOUNDS["aac"](CLIP), 9_000, 300), 2.95, 0.05),
    "flac, cut in the middle": (SOUNDS["flac"](CLIP)[: len(SOUNDS["flac"](CLIP)) // 2], 1.2, 1.8),
    "wav, cut in the middle": (SOUNDS["wav"](CLIP)[:48_044], 1.5, 1.5),
    "aiff, cut in the middle": (SOUNDS["aiff"](CLIP)[:144_054], 1.5, 1.5),
    "au, cut in the middle": (SOUNDS["au"](CLIP)[:12_032], 1.5, 1.5),
    "ogg, a page lost": (without(SOUNDS["ogg_opus"](CLIP), 12_000, 300), 2.0, 1.0),
    "ogg, cut in a page": (SOUNDS["ogg_opus"](CLIP)[:15_000], 1.0, 1.0),
    "webm, cut in the middle": (SOUNDS["webm_opus"](CLIP)[:15_500], 1.5, 1.5),
    "caf, cut in the middle": (SOUNDS["caf"](CLIP)[:148_092], 1.5, 1.5),
    "mp4 in fragments, 300 bytes lost": (without(SOUNDS["mp4_fragmented"](CLIP), 12_000, 300), 2.8, 0.2),
    "mp4 in fragments, a byte added": (MP4[:12_000] + b"?" + MP4[12_000:], 2.8, 0.2),
    "m4a with its index last, 300 bytes lost": (without(SOUNDS["m4a_index_last"](CLIP), 12_000, 300), 1.3, 1.7),
    "m4a with its index last, 1000 bytes lost": (without(SOUNDS["m4a_index_last"](CLIP), 12_000, 1_000), 1.3, 1.7),
    "caf with its index last, 300 bytes lost": (without(SOUNDS["caf_alac"](CLIP), 100_000, 300), 1.4, 1.6),
    "float wav, a byte lost": (without(SOUNDS["wav_float"](CLIP), 288_001, 1), 1.5, 1.5),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_whole_is_heard_and_the_rest_is_counted(name: str) -> None:
    data, heard_s, lost_s = DAMAGED[name]
    found = decoding.load(data, rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(heard_s, abs=0.15)
    assert found.undecoded_s == pytest.approx(lost_s, abs=0.15)
    assert (found.undecoded_s > 0) == (lost_s > 0)
    assert heard([data[:5_000], data[5_000:]]) == (found.clip.duration_s, found.undecoded_s)


@pytest.mark.parametrize("name", ["mp3_bare", "aac"])
def test_damage_in_the_first_frames_costs_the_same_in_a_file_and_in_a_stream(name: str) -> None:
    data = SOUNDS[name](CLIP)
    for place in range(20, 1_000, 70):
        damaged = data[:place] + bytes(range(1, 200)) + data[place + 199 :]
        found = decoding.load(damaged, rate_hz=SPEECH_RATE_HZ)
        for size in (97, 5_000):
            chunks = [damaged[start : start + size] for start in range(0, len(damaged), size)]
            assert heard(chunks) == (found.clip.duration_s, found.undecoded_s)


@pytest.mark.parametrize("name", SOUNDS)
def test_no_whole_file_counts_as_damaged(name: str) -> None:
    assert decoding.load(SOUNDS[name](CLIP)).undecoded_s == 0


def test_a_length_that_cannot_be_is_not_counted_as_lost() -> None:
    data = bytearray(SOUNDS["caf"](CLIP))
    data[data.index(b"data") + 4] = 0x0F
    found = decoding.load(bytes(data))
    assert found.clip.duration_s == pytest.approx(LONG_S, abs=0.05)
    assert found.undecoded_s == 0


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_a_wav_that_states_more_than_a_day_is_not_cut_off(rate_hz: int) -> None:
    data = wav(CLIP.at_rate(rate_hz).to_pcm16(), rate_hz, size=86_500 * rate_hz * 2 & 0xFFFFFFFE)
    found = decoding.load(data)
    assert found.clip.duration_s == pytest.approx(LONG_S)
    assert found.undecoded_s == 0


# In the others, no bytes tell sound from text or zeros.
ENDS_ARE_KNOWN = sorted(set(SOUNDS) - {"amr", "au", "au_pcm"})


@pytest.mark.parametrize("name", ENDS_ARE_KNOWN)
def test_text_behind_a_file_costs_nothing(name: str) -> None:
    found = decoding.load(SOUNDS[name](CLIP) + TEXT, rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(LONG_S, abs=0.1)
    assert found.undecoded_s == 0
    assert found.clip.level_dbfs == pytest.approx(CLIP.level_dbfs, abs=3.0)


@pytest.mark.parametrize("name", ENDS_ARE_KNOWN)
def test_zeros_behind_a_file_are_silence_or_nothing(name: str) -> None:
    found = decoding.load(SOUNDS[name](CLIP) + bytes(8_000), rate_hz=SPEECH_RATE_HZ)
    rest = found.clip.between(LONG_S + 0.1, found.clip.duration_s)
    assert found.clip.duration_s == pytest.approx(LONG_S, abs=0.3)
    assert found.undecoded_s == 0
    assert rest.level_dbfs < -60


PIECES = [CLIP.to_pcm16()[start : start + 16_000] for start in range(0, len(CLIP.to_pcm16()), 16_000)]


@pytest.mark.parametrize(
    "chunks",
    [
        [wav(piece) for piece in PIECES],
        [wav(PIECES[0]), *PIECES[1:]],
        [wav(PIECES[0], size=0xFFFFFFFF), *PIECES[1:]],
        [wav(PIECES[0], size=0), *PIECES[1:]],
        [wav(piece, size=0xFFFFFFFF) for piece in PIECES],
        [wav(b"".join(PIECES)) + b"LIST" + struct.pack("<I", 4) + b"INFO"],
    ],
    ids=[
        "a header on each",
        "sized for the first",
        "unknown size",
        "size 0",
        "headers of unknown size",
        "a list behind",
    ],
)
@pytest.mark.parametrize("cut", [None, 333])
def test_a_wav_is_heard_whole_whatever_its_headers_say(chunks: list[bytes], cut: int | None) -> None:
    data = b"".join(chunks)
    if cut is not None:
        chunks = [data[start : start + cut] for start in range(0, len(data), cut)]
    audio = IncomingAudio(longest_s=30.0)
    clips = [audio.feed(chunk) for chunk in chunks] + [audio.finish()]
    joined = Clip.join([clip for clip in clips if clip is not None])
    assert joined.to_pcm16() == CLIP.to_pcm16()
    assert decoding.decode(data).to_pcm16() == CLIP.to_pcm16()


def test_a_second_wav_may_have_another_format() -> None:
    other = SOUNDS["wav_24_bit"](CLIP)
    for data in (wav(PIECES[0]) + wav(PIECES[1], 8_000), wav(PIECES[0]) + other, other + wav(PIECES[0])):
        found = decoding.load(data, rate_hz=SPEECH_RATE_HZ)
        assert found.clip.duration_s == pytest.approx(1.5 if len(data) < 50_000 else 3.5, abs=0.01)
        assert found.clip.level_dbfs == pytest.approx(CLIP.level_dbfs, abs=0.5)
        assert found.undecoded_s == 0
        assert heard([data[:5_000], data[5_000:]]) == (found.clip.duration_s, 0)


@pytest.mark.parametrize("name", ["m4a_index_last", "m4a_alac", "mp4_3gp", "mov_pcm", "caf_alac"])
def test_a_file_without_its_index_is_refused_with_the_reason(name: str) -> None:
    data = SOUNDS[name](CLIP)
    with pytest.raises(InputError, match="this file: cannot be decoded: the file is cut off before its index"):
        decoding.decode(data[: len(data) // 2], source="this file")
    with pytest.raises(InputError, match="the file is cut off before its index"):
        heard([data[:1_000], data[1_000 : len(data) // 2]])


def test_channels_in_opposite_phase_do_not_cancel() -> None:
    both = np.stack([CLIP.samples, -CLIP.samples], axis=1)
    found = decoding.decode(wav(_pcm16(both), channels=2))
    assert found.level_dbfs == pytest.approx(CLIP.level_dbfs, abs=0.1)


@pytest.mark.parametrize(
    ("form", "codec"),
    [("ogg", "libopus"), ("webm", "libopus"), ("mp3", "libmp3lame"), ("ipod", "aac"), ("flac", "flac")],
)
def test_channels_in_opposite_phase_do_not_cancel_in_any_encoding(form: str, codec: str) -> None:
    data = muxed(CLIP, form, codec, layout="stereo", gains=(1, -1))
    for found in (decoding.load(data, rate_hz=SPEECH_RATE_HZ).clip, decoding.decode(data)):
        assert found.level_dbfs == pytest.approx(CLIP.level_dbfs, abs=0.6)


def test_the_louder_channel_is_taken_where_the_other_nearly_cancels_it() -> None:
    both = np.stack([0.9 * CLIP.samples, -CLIP.samples], axis=1)
    assert decoding.decode(wav(_pcm16(both), channels=2)).level_dbfs == pytest.approx(CLIP.level_dbfs, abs=0.1)


def test_channels_of_different_sounds_are_mixed() -> None:
    other = (0.3 * np.sin(2 * np.pi * 1_000 * TIMES)).astype(np.float32)
    found = decoding.decode(wav(_pcm16(np.stack([CLIP.samples, other], axis=1)), channels=2))
    assert found.samples == pytest.approx((CLIP.samples + other) / 2, abs=1e-3)


def _pcm16(samples: np.ndarray) -> bytes:
    return np.rint(samples * 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("bits", [32, 64])
def test_floats_in_the_range_of_integers_are_brought_to_scale(bits: int) -> None:
    for scaled in (np.rint(CLIP.samples * 32768), CLIP.samples * 32768 + 20):
        data = wav(scaled.astype(f"<f{bits // 8}").tobytes(), tag=3, bits=bits)
        assert decoding.decode(data).level_dbfs == pytest.approx(CLIP.level_dbfs, abs=0.1)


def test_floats_in_the_range_of_integers_that_begin_softly_are_brought_to_scale() -> None:
    """Starts with values below one 16-bit step, like the output of a resampler."""
    soft = np.random.default_rng(2).normal(0, 0.3, SPEECH_RATE_HZ // 2)
    data = wav(np.concatenate([soft, CLIP.samples * 32768]).astype("<f4").tobytes(), tag=3, bits=32)
    for found in (decoding.load(data, rate_hz=SPEECH_RATE_HZ).clip, decoding.decode(data)):
        assert found.between(0, 0.45).level_dbfs < -90
        assert found.between(0.5, 3.0).level_dbfs == pytest.approx(CLIP.level_dbfs, abs=0.2)


@pytest.mark.parametrize("scale", [1, 32768])
@pytest.mark.parametrize("seconds", [0.4, LONG_S])
def test_a_part_of_floats_has_the_scale_of_the_whole(scale: int, seconds: float) -> None:
    clip = CLIP.between(0, seconds)
    data = wav((clip.samples * scale).astype("<f4").tobytes(), tag=3, bits=32)
    for offset_s, duration_s in ((0.0, 0.2), (0.1, None), (seconds - 0.3, 0.2)):
        found = parts.cut(data, offset_s, duration_s, source="the recording").clip
        assert found.duration_s == pytest.approx(duration_s or seconds - offset_s)
        assert found.level_dbfs == pytest.approx(CLIP.level_dbfs, abs=0.2)


def test_quiet_floats_in_the_range_of_integers_are_no_noise() -> None:
    """Starts with silence of ±1 steps, which would be full scale in a range of ±1."""
    steps = np.random.default_rng(1).integers(-1, 2, SPEECH_RATE_HZ).astype("<f4")
    data = wav(np.concatenate([steps, (CLIP.samples * 32768).astype("<f4")]).tobytes(), tag=3, bits=32)
    assert decoding.decode(data).between(0, 0.9).level_dbfs < -80


def test_floats_whose_range_changes_are_refused() -> None:
    samples = np.concatenate([CLIP.samples, CLIP.samples * 32768])
    with pytest.raises(InputError, match="full scale is 1"):
        decoding.decode(wav(samples.astype("<f4").tobytes(), tag=3, bits=32))


@pytest.mark.parametrize("bits", [24, 32])
def test_floats_in_the_range_of_larger_integers_are_refused(bits: int) -> None:
    """Only their silence would be left otherwise."""
    soft = np.random.default_rng(2).normal(0, 1e-4, SPEECH_RATE_HZ)
    scaled = np.rint(np.concatenate([soft, CLIP.samples]) * 2 ** (bits - 1))
    data = wav(scaled.astype("<f4").tobytes(), tag=3, bits=32)
    with pytest.raises(InputError, match="full scale is 1"):
        decoding.decode(data)
    with pytest.raises(InputError, match="full scale is 1"):
        heard([data[:5_000], data[5_000:]])


def test_loud_bursts_of_a_damaged_encoding_are_damage_and_no_refusal() -> None:
    """The decoder of AAC makes floats of any size from changed bytes."""
    frame = av.AudioFrame.from_ndarray(np.full((1, 1024), 1e6, np.float32), format="flt", layout="mono")
    frame.sample_rate = SPEECH_RATE_HZ
    mixer = Mixer("it")
    assert not len(mixer.mix(frame))
    assert mixer.garbled_s == pytest.approx(1024 / SPEECH_RATE_HZ)


def test_floats_a_little_over_full_scale_are_clipped() -> None:
    samples = CLIP.samples / np.abs(CLIP.samples).max() * 1.5
    found = decoding.decode(wav(samples.astype("<f4").tobytes(), tag=3, bits=32))
    assert np.abs(found.samples).max() == 1


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><html></html>", b'{"error": "not found"}', b"<html>", b"[]", b'{"a":1}', b"#EXTM3U",
        b"OK", b"500", b"true", b"error", b"hello", b"a,b,c\n1,2", b"hello world, this is me",
        b"Not Found: there is no such page here",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["opus", "audio/webm"])
def test_short_text_is_refused_as_what_it_is(data: bytes, form: str) -> None:
    for chunks in ([data], [data[:5], data[5:]]):
        with pytest.raises(InputError) as refusal:
            heard([chunk for chunk in chunks if chunk], form)
        assert "not an Opus packet" not in str(refusal.value)
    with pytest.raises(InputError, match=r"text, not sound|not a known audio format"):
        decoding.decode(data)


async def test_the_record_of_a_turn_says_what_could_not_be_decoded(tmp_path: Path) -> None:
    data = SOUNDS["flac"](CLIP)
    with serving(tmp_path) as served:
        async with talking(served) as talker:
            session = await talker.init(events=["turn_metrics"])
            await talker.say([data[: len(data) // 2]])
            answer = await talker.answer()
            await talker.say([data])
            whole = await talker.answer()
        assert answer.one("turn_metrics")["undecoded_s"] == pytest.approx(1.8, abs=0.2)
        assert whole.one("turn_metrics")["undecoded_s"] == 0
        times = [json.loads(turn["stage_times"]) for turn in served.turns(session["session_id"])]
    assert [time["undecoded_s"] for time in times] == [pytest.approx(1.8, abs=0.2), 0]


@pytest.mark.parametrize("mode", ["burst", "realtime"])
def test_a_damaged_recording_is_not_the_recognizers_error(tmp_path: Path, mode: str) -> None:
    files = {"whole": SOUNDS["flac"](CLIP.between(0, 0.6)), "cut": SOUNDS["flac"](CLIP)[:12_000]}
    rows = [json.dumps({"id": name, "audio_filepath": name, "text": "hello there"}) for name in files]
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "set.jsonl").write_text("\n".join(rows))
    spec = RunSpec(
        samples=str(tmp_path / "set.jsonl"), asr="fake:text=hello", agent="fake", tts="fake",
        target="in-process", mode=mode,
    )  # fmt: skip
    folder, _ = evaluate(spec, tmp_path)
    turns = {turn.key: turn for turn in folder.turns()}
    assert turns["whole"].status == "answered"
    assert turns["whole"].undecoded_s == 0
    damaged = turns["cut"]
    assert damaged.failure is not None
    assert damaged.failure.code == "damaged_recording"
    assert "of the recording cannot be decoded" in damaged.failure.message
    assert damaged.undecoded_s is not None
    assert damaged.undecoded_s > 1
    assert damaged.heard is None


def test_a_take_of_the_page_says_what_could_not_be_decoded(tmp_path: Path) -> None:
    data = SOUNDS["flac"](CLIP)
    form = {"prompt_id": "prompt_001", "speaker": "s01", "consent": "true"}
    with (
        serving(tmp_path, recordings_dir=tmp_path / "recordings") as served,
        httpx.Client(base_url=served.http) as http,
    ):
        http.post("/app/api/recordings", json={"name": "set", "texts": ["hello"]}).raise_for_status()
        files = {"audio": data[: len(data) // 2]}
        answer = http.post("/app/api/recordings/set/takes", files=files, data=form)
    assert answer.json()["report"]["undecoded_s"] == pytest.approx(1.8, abs=0.2)


def test_checking_a_set_names_its_damaged_recordings(tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes(SOUNDS["flac"](CLIP)[:12_000])
    (tmp_path / "set.jsonl").write_text(json.dumps({"id": "cut", "audio_filepath": "cut", "text": "hello"}))
    (sample,) = datasets.load(tmp_path / "set.jsonl").samples
    assert sample.decoded().is_damaged


def test_a_stereo_ogg_is_mixed_like_any_other() -> None:
    data = muxed(CLIP, "ogg", "libopus", layout="stereo")
    assert decoding.load(data, rate_hz=SPEECH_RATE_HZ).clip.level_dbfs == pytest.approx(CLIP.level_dbfs, abs=1)


@pytest.mark.parametrize("name", SOUNDS)
def test_any_damage_ends_as_sound_or_as_a_refusal_in_our_own_words(name: str) -> None:
    whole = SOUNDS[name](CLIP.between(0, 0.4))
    for seed in range(12):
        chance, data = random.Random(seed), bytearray(whole)
        for _ in range(chance.randrange(1, 40)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        del data[chance.randrange(1, len(data)) :]
        try:
            found = decoding.load(bytes(data), rate_hz=SPEECH_RATE_HZ, limits=Limits(longest_s=10.0))
        except InputError as error:
            words = str(error)
        else:
            words = ""
            assert 0 < found.clip.duration_s < 11
            assert 0 <= found.undecoded_s < float("inf")
        assert "Errno" not in words
        assert "<none>" not in words
