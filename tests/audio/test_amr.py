"""AMR as telephones send it: pauses are comfort noise and frames without data, and cost nothing."""

from __future__ import annotations

import av
import numpy as np
import pytest

from tests.support.sounds import SOUNDS
from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip

SPOKEN = Clip((0.3 * np.sin(np.arange(SPEECH_RATE_HZ) * 0.17)).astype(np.float32), SPEECH_RATE_HZ)
HEAD, FRAME_BYTES = b"#!AMR\n", 13
AMR = SOUNDS["amr"](SPOKEN)
FRAMES = [AMR[start : start + FRAME_BYTES] for start in range(len(HEAD), len(AMR), FRAME_BYTES)][:50]
SILENCE_DESCRIPTION = bytes.fromhex("4426c7836810")
NO_DATA = b"\x7c"
PAUSE = [SILENCE_DESCRIPTION, *[NO_DATA] * 7] * 6 + [NO_DATA] * 2
"""A second."""


def test_a_pause_is_as_long_as_it_was_and_quiet() -> None:
    found = decoding.load(HEAD + b"".join([*FRAMES, *PAUSE, *FRAMES]), rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(3.0, abs=0.02)
    assert found.undecoded_s == 0
    assert found.clip.between(0.1, 0.9).level_dbfs == pytest.approx(SPOKEN.level_dbfs, abs=3)
    assert found.clip.between(1.3, 1.9).level_dbfs < SPOKEN.level_dbfs - 20
    assert found.clip.between(2.1, 2.9).level_dbfs == pytest.approx(SPOKEN.level_dbfs, abs=3)


def test_frames_without_data_between_others_are_concealed() -> None:
    frames = [NO_DATA if number % 5 == 4 else frame for number, frame in enumerate(FRAMES)]
    found = decoding.load(HEAD + b"".join(frames), rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(1.0, abs=0.02)
    assert found.undecoded_s == 0


def test_a_pause_in_wideband_is_as_long_as_it_was() -> None:
    pause = (b"\x4c" + bytes((0x0A, 0x10, 0x40, 0, 0x84)) + b"\x7c" * 7) * 6
    found = decoding.load(b"#!AMR-WB\n" + pause, rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(48 * 0.02)
    assert found.undecoded_s == 0


def test_bytes_that_are_no_frames_are_counted_and_not_heard() -> None:
    """OpenCORE's decoder does not refuse them."""
    junk = (b"\xf3" + bytes(range(1, 13))) * 20
    found = decoding.load(HEAD + b"".join(FRAMES) + junk, rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(1.0, abs=0.15)
    assert found.undecoded_s > 0.05


def test_without_opencore_ffmpegs_decoder_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(name: str, mode: str) -> None:
        raise av.codec.codec.UnknownCodecError(name)

    monkeypatch.setattr(av, "CodecContext", type("NoCodecs", (), {"create": staticmethod(create)}))
    found = decoding.load(AMR, rate_hz=SPEECH_RATE_HZ)
    assert found.clip.duration_s == pytest.approx(1.0, abs=0.05)
    assert found.clip.level_dbfs == pytest.approx(SPOKEN.level_dbfs, abs=3)
