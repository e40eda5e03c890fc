"""The shipped map chirp with voicebench's seeded mock agent: the measurements equal its settings."""

from __future__ import annotations

from contextlib import asynccontextmanager

import numpy as np
import pytest

pytest.importorskip("voicebench", reason="pip install 'voicelab[peers]'")

from voicebench.mock_server import start_server

from tests.support.caller_sound import response_s, sound_s, utterance
from voicelab.targets.base import Interruption, TargetSettings
from voicelab.targets.mapped import Mapped

SILENCE_S = 0.3


@asynccontextmanager
async def conversation(tmp_path, **options):
    server = await start_server(port=0, options={"endpoint_silence_ms": 1000 * SILENCE_S, **options})
    try:
        port = next(iter(server.sockets)).getsockname()[1]
        target = Mapped(file="chirp", url=f"ws://127.0.0.1:{port}", quiet_s=0.4)
        await target.open(TargetSettings(folder=tmp_path, timeout_s=4.0))
        async with target.session("ada") as session:
            yield session
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("delay_ms", [100.0, 600.0])
async def test_the_set_delay_is_measured(delay_ms, tmp_path):
    options = {"response_delay_ms": delay_ms, "response_ms": 500.0, "transcripts": ["hello there"]}
    async with conversation(tmp_path, **options) as session:
        outcome = await session.speak(utterance(trailing_s=0.1), "realtime")
    assert response_s(outcome) == pytest.approx(SILENCE_S + delay_ms / 1000, abs=0.08)
    assert sound_s(outcome.received) == pytest.approx(0.5, abs=0.03)
    assert outcome.heard == "hello there"


async def test_the_seeded_jitter_is_measured_turn_by_turn(tmp_path):
    jitter = np.random.default_rng(7)
    async with conversation(tmp_path, response_delay_ms=100.0, jitter_ms=400.0, response_ms=300.0, seed=7) as session:
        for _ in range(3):
            outcome = await session.speak(utterance(), "realtime")
            expected_s = SILENCE_S + 0.1 + float(jitter.uniform(0.0, 400.0)) / 1000
            assert response_s(outcome) == pytest.approx(expected_s, abs=0.08)


async def test_the_set_time_to_stop_is_measured(tmp_path):
    options = {
        "response_delay_ms": 50.0,
        "response_ms": 1_500.0,
        "interrupt_reaction_ms": 200.0,
        "barge_in_min_ms": 100.0,
    }
    async with conversation(tmp_path, **options) as session:
        outcome = await session.speak(utterance(), "realtime", Interruption(utterance(1.0), after_s=0.6))
    cleared = next(event for event in outcome.events if event.name == "clear")
    began_s = next(piece.at_s for piece in outcome.sent if piece.at_s > outcome.received[0].at_s)
    assert cleared.at_s - began_s == pytest.approx(0.1 + 0.2, abs=0.1)
