"""Damage in WebM and Matroska costs the blocks that it touches, also in a file of one cluster."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.support.sounds import decoded_both_ways, muxed
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip

LONG_S = 4.0
NOISE = np.random.default_rng(4).normal(0, 0.1, round(LONG_S * SPEECH_RATE_HZ))
CLIP = Clip(np.convolve(NOISE, np.ones(12) / 12, "same").astype(np.float32), SPEECH_RATE_HZ)
FILES = {
    "opus": muxed(CLIP, "webm", "libopus"),
    "opus, live": muxed(CLIP, "webm", "libopus", options={"live": "1"}),
    "opus, short clusters": muxed(CLIP, "webm", "libopus", options={"cluster_time_limit": "100", "live": "1"}),
    "vorbis": muxed(CLIP, "webm", "vorbis", layout="stereo", experimental=True),
    "aac": muxed(CLIP, "matroska", "aac"),
    "flac": muxed(CLIP, "matroska", "flac"),
    "pcm": muxed(CLIP, "matroska", "pcm_s16le"),
}
CLUSTER = b"\x1f\x43\xb6\x75"
LOST_BYTES = 300


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["lost", "changed", "added"])
def test_damage_costs_its_blocks_and_is_counted(name: str, kind: str) -> None:
    data = FILES[name]
    whole_s = decoded_both_ways(data)[0]
    start = data.index(CLUSTER) + 1_500
    for place in range(start, len(data) - 1_500, (len(data) - start) // 9):
        junk = random.Random(place).randbytes(LOST_BYTES)
        damaged = data[:place] + (b"" if kind == "lost" else junk)
        damaged += data[place + (0 if kind == "added" else LOST_BYTES) :]
        decoded_s, lost_s = decoded_both_ways(damaged)
        assert whole_s - decoded_s < 0.25
        assert lost_s == pytest.approx(whole_s - decoded_s, abs=0.045)


def test_a_piece_that_a_recorder_did_not_send_costs_itself() -> None:
    """Browsers send pieces of a few hundred milliseconds, and begin a cluster much less often."""
    data = FILES["opus, live"]
    pieces = [data[start : start + 2_500] for start in range(0, len(data), 2_500)]
    decoded_s, lost_s = decoded_both_ways(b"".join(pieces[:3] + pieces[4:]))
    expected_s = 2_500 / len(data) * LONG_S
    assert decoded_s == pytest.approx(LONG_S - expected_s, abs=0.15)
    assert lost_s == pytest.approx(expected_s, abs=0.15)


def test_junk_that_looks_like_a_block_is_none() -> None:
    data = FILES["opus, live"]
    place = data.index(CLUSTER) + 5_000
    for junk in (b"\xa3\x84\x81\0\0\x80" * 40, b"\xa3\x41\x44\x81\0\0\x86" + bytes(321), CLUSTER + b"\x81\0" * 9):
        decoded_s, lost_s = decoded_both_ways(data[:place] + junk + data[place:])
        assert decoded_s > LONG_S - 0.3
        assert lost_s < 0.3
