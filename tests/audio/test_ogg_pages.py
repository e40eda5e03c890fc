"""Damage in an Ogg stream costs the pages that it touches, and is counted wherever it is."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from tests.support.sounds import decoded_both_ways, muxed
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip

LONG_S = 4.0
NOISE = np.random.default_rng(4).normal(0, 0.1, round(LONG_S * SPEECH_RATE_HZ))
CLIP = Clip(np.convolve(NOISE, np.ones(12) / 12, "same").astype(np.float32), SPEECH_RATE_HZ)
STREAMS = {
    "opus": muxed(CLIP, "ogg", "libopus"),
    "opus, short pages": muxed(CLIP, "ogg", "libopus", options={"page_duration": "20000"}),
    "vorbis": muxed(CLIP, "ogg", "vorbis", layout="stereo", experimental=True),
    "flac": muxed(CLIP, "ogg", "flac"),
}
HEADER_BYTES, GRANULE_AT, SEGMENTS_AT = 27, 6, 26


def pages(data: bytes) -> list[int]:
    """Where the pages start. The sign may not occur in these bodies."""
    starts, place = [], data.find(b"OggS")
    while place >= 0:
        starts.append(place)
        place = data.find(b"OggS", place + 4)
    return starts


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("kind", ["lost", "changed", "added"])
def test_damage_anywhere_costs_its_pages_and_is_counted(name: str, kind: str) -> None:
    data = STREAMS[name]
    whole_s = decoded_both_ways(data)[0]
    audio = next(start for start in pages(data)[2:] if int.from_bytes(data[start + GRANULE_AT :][:8], "little") > 0)
    longest_s = 0.2 if "short" in name else 1.15
    for place in range(audio + 100, pages(data)[-1] - 400, (len(data) - audio) // 9):
        junk = random.Random(place).randbytes(300)
        damaged = data[:place] + (b"" if kind == "lost" else junk) + data[place + (0 if kind == "added" else 300) :]
        decoded_s, lost_s = decoded_both_ways(damaged)
        # The damage may touch two pages.
        assert whole_s - decoded_s <= 2 * longest_s
        assert lost_s == pytest.approx(whole_s - decoded_s, abs=0.03)


@pytest.mark.parametrize("place", [GRANULE_AT + 6, SEGMENTS_AT, SEGMENTS_AT + 1])
@pytest.mark.parametrize("page", [2, 30])
def test_a_damaged_header_of_a_page_costs_that_page(page: int, place: int) -> None:
    """Its position, or the size of its page, which then claims to contain the following ones."""
    data = bytearray(STREAMS["opus, short pages"])
    data[pages(data)[page] + place] = 0xFF
    decoded_s, lost_s = decoded_both_ways(bytes(data))
    assert decoded_s == pytest.approx(LONG_S, abs=0.05)
    assert lost_s < 0.06


def test_a_stream_that_was_joined_in_the_middle_has_lost_nothing() -> None:
    data = STREAMS["opus, short pages"]
    starts = pages(data)
    decoded_s, lost_s = decoded_both_ways(data[: starts[2]] + data[starts[100] :])
    assert decoded_s == pytest.approx(LONG_S - 98 * 0.02, abs=0.05)
    assert lost_s == 0


def test_bytes_between_pages_cost_nothing() -> None:
    data = STREAMS["opus"]
    starts = [*pages(data), len(data)]
    pieces = [data[start:end] for start, end in pairwise(starts)]
    assert decoded_both_ways(b"OggS and more".join(pieces)) == decoded_both_ways(data)
