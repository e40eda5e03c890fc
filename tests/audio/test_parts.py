"""A part of a recording is that part of the whole recording, whatever the container and its faults."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.support.sounds import SOUNDS, wav
from voicelab import datasets
from voicelab.audio import decoding, parts
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip

LONG_S = 4.0
NOISE = np.random.default_rng(4).normal(0, 0.1, round(LONG_S * SPEECH_RATE_HZ))
CLIP = Clip(np.convolve(NOISE, np.ones(12) / 12, "same").astype(np.float32), SPEECH_RATE_HZ)
"""Unlike a tone, it is similar to itself at one position only."""
PCM = CLIP.to_pcm16()
PIECES = [PCM[start : start + 16_000] for start in range(0, len(PCM), 16_000)]
LIST = b"LIST" + struct.pack("<I", 4) + b"INFO"
BROKEN_SIZES = {
    "a header on each": b"".join(wav(piece) for piece in PIECES),
    "a header on each, of unknown size": b"".join(wav(piece, size=0xFFFFFFFF) for piece in PIECES),
    "a header and a list on each": b"".join(wav(piece) + LIST for piece in PIECES),
    "a list before the format on each": b"".join(wav(piece)[:12] + LIST + wav(piece)[12:] for piece in PIECES),
    "sized for the first": wav(PIECES[0]) + b"".join(PIECES[1:]),
    "sized for a half": wav(PCM, size=len(PCM) // 2),
    "a false block": wav(PCM)[:32] + struct.pack("<H", 4) + wav(PCM)[34:],
    "a list behind": wav(PCM) + LIST,
}


def expect_part(data: bytes, offset_s: float, duration_s: float | None) -> None:
    whole = decoding.decode(data)
    found = parts.cut(data, offset_s, duration_s, source="the recording").clip
    end_s = whole.duration_s if duration_s is None else offset_s + duration_s
    expected = whole.between(offset_s, end_s).samples
    assert found.rate_hz == whole.rate_hz
    assert len(found.samples) == len(expected)
    # Decoders of lossy encodings keep some state of the sound before a part.
    assert np.sqrt(np.mean(np.square(found.samples - expected))) < 0.003


@pytest.mark.parametrize("name", SOUNDS)
def test_a_part_is_that_of_the_whole_in_every_container(name: str) -> None:
    data = SOUNDS[name](CLIP)
    expect_part(data, 0.5, 1.0)
    expect_part(data, 2.5, 1.0)
    expect_part(data, 3.0, None)
    assert parts.length_s(data, source="it") == pytest.approx(decoding.decode(data).duration_s, abs=0.01)


@pytest.mark.parametrize("name", ["wav", "wav_24_bit", "flac", "ogg_opus", "ogg_flac", "webm_live", "mp4_fragmented"])
def test_files_in_a_row_have_the_positions_of_all_of_them(name: str) -> None:
    data = SOUNDS[name](CLIP) * 2
    expect_part(data, 2.5, 3.0)
    expect_part(data, 5.0, 1.5)


@pytest.mark.parametrize("name", BROKEN_SIZES)
def test_sizes_in_the_header_of_a_wav_do_not_end_a_recording(name: str) -> None:
    data = BROKEN_SIZES[name]
    assert decoding.decode(data).to_pcm16() == PCM
    expect_part(data, 0.5, 2.0)
    expect_part(data, 2.5, 1.0)
    assert parts.length_s(data, source="it") == pytest.approx(LONG_S)


@pytest.mark.parametrize("name", ["flac", "wav_24_bit", "mp3_bare", "webm_live", "ogg_opus"])
def test_damage_before_the_end_of_a_part_is_counted(name: str) -> None:
    data = SOUNDS[name](CLIP)
    # Not the time of a cluster of WebM.
    place = len(data) // 2 - 3_500
    damaged = data[:place] + data[place + 3_001 :]
    lost_s = decoding.load(damaged).undecoded_s
    assert lost_s > 0
    late = parts.cut(damaged, 0.5, 2.4, source="it")
    assert late.undecoded_s == pytest.approx(lost_s, abs=0.1)
    assert parts.cut(damaged, 0.2, 0.3, source="it").undecoded_s == 0


def test_a_part_with_damage_is_counted_and_one_behind_it_is_where_it_was() -> None:
    """A damaged FLAC can still be entered behind its damage."""
    data = SOUNDS["flac"](CLIP)
    damaged = data[: len(data) // 2] + data[len(data) // 2 + 3_000 :]
    assert parts.cut(damaged, 1.2, 1.5, source="it").undecoded_s > 0.05
    behind = parts.cut(damaged, 3.5, 0.4, source="it")
    assert behind.undecoded_s == 0
    assert np.allclose(behind.clip.samples, decoding.decode(data).between(3.5, 3.9).samples)


def test_a_segment_behind_damage_is_a_damaged_sample(tmp_path: Path) -> None:
    data = SOUNDS["mp3_bare"](CLIP)
    (tmp_path / "a.mp3").write_bytes(data[: len(data) // 2] + bytes(range(250)) * 12 + data[len(data) // 2 + 3_000 :])
    rows = [{"audio_filepath": "a.mp3", "text": "hello", "offset": at_s, "duration": 1.0} for at_s in (0.0, 0.9, 2.0)]
    (tmp_path / "set.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = [sample.decoded(SPEECH_RATE_HZ) for sample in datasets.load(tmp_path / "set.jsonl").samples]
    assert [one.is_damaged for one in found] == [False, False, True]


def test_the_opus_packets_are_those_of_all_files_in_a_row() -> None:
    for name in ("ogg_opus", "webm_live", "mp4_opus_fragmented"):
        once = decoding.opus_packets(SOUNDS[name](CLIP))
        assert once is not None
        assert decoding.opus_packets(SOUNDS[name](CLIP) * 2) == [*once, *once]
    assert decoding.opus_packets(SOUNDS["ogg_opus"](CLIP) + SOUNDS["ogg_flac"](CLIP)) is None
    assert decoding.opus_packets(SOUNDS["wav_extensible"](CLIP)) is None
