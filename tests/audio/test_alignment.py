"""Integer PCM of which part of a sample was lost is realigned; aligned audio is never changed."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.support.conditions_speech import SPEECH
from tests.support.sounds import SOUNDS, wav
from tests.support.tones import tone
from voicelab.audio import decoding, g711
from voicelab.audio.alignment import Realigner
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.incoming import IncomingAudio

PCM = ("wav", "wav_24_bit", "wav_32_bit", "wav_extensible", "rf64", "w64", "mov_pcm", "aiff", "au_pcm", "caf")


def pcm(samples: np.ndarray, size: int, *, big_endian: bool = False) -> bytes:
    """Samples of -1..1 as integers of `size` bytes."""
    whole = np.rint(np.clip(samples, -1, 1) * (2.0 ** (8 * size - 1) - 1)).astype("<i8")
    data = whole.reshape(*whole.shape, 1).view(np.uint8)[..., :size]
    return bytes((data[..., ::-1] if big_endian else data).tobytes())


def passed(data: bytes, realigner: Realigner, size: int) -> bytes:
    pieces = [realigner.feed(data[start : start + size]) for start in range(0, len(data), size)]
    return b"".join([*pieces, realigner.finish()])


@pytest.mark.parametrize("where", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("lost", [1, 2, 3, 301])
@pytest.mark.parametrize("name", PCM)
def test_what_follows_lost_bytes_is_heard(name: str, lost: int, where: float) -> None:
    data = SOUNDS[name](SPEECH)
    whole = decoding.load(data, rate_hz=SPEECH_RATE_HZ)
    place = round(where * len(data))
    broken = data[:place] + data[place + lost :]
    found = decoding.load(broken, rate_hz=SPEECH_RATE_HZ)
    assert found.clip.level_dbfs == pytest.approx(whole.clip.level_dbfs, abs=0.5)
    assert found.clip.duration_s == pytest.approx(whole.clip.duration_s, abs=0.02)
    last_s = whole.clip.duration_s - 0.3
    assert found.clip.between(last_s - 0.3, last_s).level_dbfs < whole.clip.level_dbfs + 6
    assert found.undecoded_s < 0.05
    audio = IncomingAudio(longest_s=30.0)
    clips = [audio.feed(broken[start : start + 999]) for start in range(0, len(broken), 999)] + [audio.finish()]
    assert np.array_equal(Clip.join([clip for clip in clips if clip]).samples, found.clip.samples)
    assert audio.undecoded_s == found.undecoded_s


@pytest.mark.parametrize("name", ["wav", "wav_24_bit", "aiff", "caf"])
def test_added_bytes_are_left_out_and_counted(name: str) -> None:
    data = SOUNDS[name](SPEECH)
    whole = decoding.load(data, rate_hz=SPEECH_RATE_HZ)
    found = decoding.load(data[: len(data) // 2] + b"?" + data[len(data) // 2 :], rate_hz=SPEECH_RATE_HZ)
    assert found.clip.level_dbfs == pytest.approx(whole.clip.level_dbfs, abs=0.5)
    assert 0 < found.undecoded_s < 0.05


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("piece", [111, 640, 5_000])
def test_samples_without_a_container_are_realigned(rate_hz: int, piece: int) -> None:
    data = SPEECH.at_rate(rate_hz).to_pcm16()
    place = len(data) // 3 | 1
    broken = data[:place] + data[place + 333 :]
    audio = IncomingAudio(longest_s=30.0)
    clips = [audio.feed(broken[start : start + piece], "pcm16", rate_hz) for start in range(0, len(broken), piece)]
    clips.append(audio.finish())
    found = Clip.join([clip for clip in clips if clip is not None])
    assert found.level_dbfs == pytest.approx(SPEECH.level_dbfs, abs=1.0)
    assert 0 < audio.undecoded_s < 0.05


@pytest.mark.parametrize("times", [2, 3])
def test_several_losses_in_one_recording(times: int) -> None:
    data, chance = SPEECH.to_pcm16(), random.Random(times)
    pieces = [data for _ in range(times)]
    broken = b"".join(one[: chance.randrange(len(one) // 3, len(one) // 2) * 2 - 1] for one in pieces) + data
    realigner = Realigner(2, 1)
    found = Clip.from_pcm16(passed(broken, realigner, 4_096), SPEECH_RATE_HZ)
    assert realigner.faults >= 1
    assert found.level_dbfs == pytest.approx(SPEECH.level_dbfs, abs=2.0)


@pytest.mark.parametrize("gain_db", [-10, -20, -30, -40])
@pytest.mark.parametrize(
    ("size", "lost", "big_endian"),
    [(2, 1, False), (3, 1, False), (3, 2, True), (4, 1, True), (4, 2, False), (4, 3, False)],
)
def test_quiet_speech_is_realigned(size: int, lost: int, big_endian: bool, gain_db: float) -> None:
    """The recording is at -23 dBFS."""
    data = pcm(SPEECH.samples * 10 ** (gain_db / 20), size, big_endian=big_endian)
    place = len(data) // 3 // size * size
    found = passed(data[:place] + data[place + lost :], Realigner(size, 1, big_endian=big_endian), 4_096)
    rest = len(data) - place - 1_000 * size
    assert found.startswith(data[: place - 1_000 * size])
    assert found.endswith(data[-rest:])


def sounds(chance: np.random.Generator) -> dict[str, np.ndarray]:
    """Sounds that look like bytes out of step, of changing loudness and pitch."""
    times = np.arange(8_000)
    wave = np.sin(2 * np.pi * chance.uniform(20, 7_999) / 16_000 * times)
    level = float(chance.choice([1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.5, 1.0]))
    speech = SPEECH.samples[: len(times)]
    return {
        "silence": np.zeros(len(times)),
        "noise": chance.normal(0, level, len(times)),
        "even noise": chance.uniform(-level, level, len(times)),
        "tone": level * wave,
        "square wave": level * np.sign(wave),
        "square wave off centre": np.where(wave > 0, chance.uniform(-1, 1), chance.uniform(-1, 1)),
        "clipped music": wave * chance.uniform(1, 100) + chance.normal(0, 0.2, len(times)),
        "highest frequency": level * (1 - 2 * (times % 2)),
        "impulses": (chance.random(len(times)) < 0.02) * chance.uniform(-1, 1, len(times)),
        "off centre": 0.3 * speech + chance.uniform(-0.6, 0.6),
        "clipped speech": speech * float(chance.choice([0.01, 1, 10, 100])),
        "bursts": np.where((times // 1000) % 2, chance.normal(0, 0.3, len(times)), 0),
    }


def coarse(samples: np.ndarray, chance: np.random.Generator) -> dict[str, np.ndarray]:
    """The same with fewer bits, in 16."""
    samples = np.clip(samples, -1, 1)
    eight = np.rint(samples * 127) * 256
    law = g711.decode(g711.encode(Clip(samples.astype(np.float32), 8_000), "mulaw"), "mulaw", 8_000).samples
    return {
        "16 bit": samples,
        "4 bit": np.rint(samples * 7) / 8,
        "8 bit": eight / 32_767,
        "8 bit with dither": (eight + chance.integers(-1, 2, len(eight))) / 32_767,
        "8 bit, repeated": np.rint(samples * 127) * 257 / 32_767,
        "8 bit in 12": np.rint(np.rint(samples * 127) / 127 * 2_047) * 16 / 32_767,
        "8 bit, scaled": np.rint(samples * 127) / 127,
        "mu-law": law.astype(float) * 32_768 / 32_767,
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("size", "big_endian", "channels"), [(2, False, 1), (2, True, 1), (2, False, 2), (3, False, 1), (4, False, 1)]
)
def test_aligned_audio_is_never_changed(size: int, big_endian: bool, channels: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    for name, made in sounds(chance).items():
        for bits, samples in coarse(made, chance).items():
            both = np.stack([samples, samples * chance.choice([0, 0.5, -1])], axis=1)
            data = pcm(both if channels == 2 else samples, size, big_endian=big_endian)
            realigner = Realigner(size, channels, big_endian=big_endian)
            assert passed(data, realigner, int(chance.choice([640, 4_096]))) == data, (name, bits)
            assert realigner.faults == 0


def test_aligned_audio_is_not_held_back() -> None:
    realigner, data = Realigner(2, 1), SPEECH.to_pcm16()
    for start in range(0, len(data), 640):
        assert realigner.feed(data[start : start + 640]) == data[start : start + 640]


def test_without_evidence_a_recording_stays_as_it_is() -> None:
    data = wav(b"\0" + tone(1.0, level=0.0).to_pcm16())
    assert decoding.load(data).clip.level_dbfs == float("-inf")


def test_a_file_of_the_size_in_its_header_is_left_alone() -> None:
    """Its samples may look as if a byte were missing, but nothing was lost."""
    raw = pcm(SPEECH.samples, 2)[1:-1]
    found = decoding.load(wav(raw))
    assert found.undecoded_s == 0
    assert found.clip.to_pcm16() == raw
    # The header says that two bytes are missing.
    assert decoding.load(wav(raw, size=len(raw) + 2)).clip.to_pcm16() != raw
