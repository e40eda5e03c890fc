"""A recording reaches the recognizer in short pieces, between which other clients are served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.tones import tone
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio.clip import Clip
from voicelab.engines.pool.pool import EnginePool
from voicelab.pipeline.recognition import recognize


@pytest.mark.parametrize("duration_s", [0.5, 2.0, 119.3])
async def test_all_of_a_recording_arrives_in_pieces_of_two_seconds(
    monkeypatch: pytest.MonkeyPatch, duration_s: float
) -> None:
    """Regression: an upload of two minutes was one call. Beside four of them, one of two seconds took 68 s, not 0.1."""
    pool = await EnginePool(RECOGNIZERS.config("fake")).open()
    pieces: list[Clip] = []
    post = type(pool.stream()).post

    async def note(stream: Any, method: str, clip: Clip) -> None:
        pieces.append(clip)
        await post(stream, method, clip)

    monkeypatch.setattr(type(pool.stream()), "post", note)
    clip = tone(duration_s)
    try:
        assert (await recognize(pool, clip)).text == "what is the price of apple"
    finally:
        await pool.close()
    assert max(piece.duration_s for piece in pieces) <= 2
    assert np.array_equal(Clip.join(pieces).samples, clip.samples)
