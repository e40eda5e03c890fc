"""The targets rtvi and twilio with real pipecat bots, which run in separate processes."""

from __future__ import annotations

import importlib.util
import os
import select
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.caller_sound import response_s, sound_s, utterance
from tests.support.required import needs
from voicelab.audio.playback import as_heard
from voicelab.paths import PROJECT
from voicelab.targets.base import Interruption, TargetSettings
from voicelab.targets.catalog import target_config

pytestmark = needs(
    "pipecat",
    present=all(importlib.util.find_spec(name) for name in ("pipecat", "loguru", "docstring_parser", "sentencex")),
    reason="needs pipecat: pip install pipecat-ai",
)

BOT = Path(__file__).parents[1] / "support" / "pipecat_bot.py"
# The settings of the bot, which cannot be imported without pipecat.
SILENCE_S, DELAY_S, REPLY_S, HEARD, ANSWER = 0.3, 0.2, 0.8, "what is up", "Stocks are up."
SERIALIZERS = ("protobuf", "twilio", "plivo", "telnyx", "vonage", "exotel")
START_LIMIT_S = 60.0


@pytest.fixture(scope="module")
def bots():
    """The addresses of a bot for every serializer, all in one process."""
    with ExitStack() as free:
        sockets = [free.enter_context(socket.socket()) for _ in SERIALIZERS]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = dict(zip(SERIALIZERS, (one.getsockname()[1] for one in sockets), strict=True))
    command = [sys.executable, "-W", "ignore", str(BOT), *(f"{name}={port}" for name, port in ports.items())]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT)
    try:
        assert process.stdout is not None
        said = ""
        while said.count("listening") < len(SERIALIZERS):
            assert select.select([process.stdout], [], [], START_LIMIT_S)[0], "the bots did not start"
            more = os.read(process.stdout.fileno(), 4096).decode()
            assert more, process.communicate(timeout=5)[1][-2_000:]
            said += more
        yield {name: f"ws://127.0.0.1:{port}" for name, port in ports.items()}
    finally:
        process.kill()
        process.communicate()


async def converse(spec, tmp_path, *, turns=1, interruption=None):
    target = target_config(spec).build()
    await target.open(TargetSettings(folder=tmp_path, timeout_s=6.0))
    async with target.session("ada") as session:
        return [await session.speak(utterance(trailing_s=0.2), "realtime", interruption) for _ in range(turns)]


async def converse_on_time(spec, tmp_path, *, turns=1):
    """Converse until the bot, which a busy machine may delay, responds on time; at most three conversations."""
    late_s = []
    for _ in range(3):
        outcomes = await converse(spec, tmp_path, turns=turns)
        late_s = [response_s(outcome) - (SILENCE_S + DELAY_S) for outcome in outcomes]
        assert min(late_s) > -0.15
        if max(late_s) < 0.15:
            return outcomes
    raise AssertionError(f"late by {late_s} s in the last of three conversations")


async def test_a_bot_over_protobuf_and_rtvi(bots, tmp_path):
    spec = f"rtvi:url={bots['protobuf']}"
    first, second = await converse_on_time(spec, tmp_path, turns=2)
    (interrupted,) = await converse(spec, tmp_path, interruption=Interruption(utterance(), 0.3))
    for outcome in (first, second):
        assert (outcome.heard, outcome.answer, outcome.error) == (HEARD, ANSWER, None)
        assert sound_s(outcome.received) == pytest.approx(REPLY_S, abs=0.1)
    assert "bot-stopped-speaking" in [event.name for event in first.events]
    assert "interruption" in [event.name for event in interrupted.events] or "user-started-speaking" in [
        event.name for event in interrupted.events
    ]
    assert sound_s(as_heard(interrupted.received, interrupted.flushed)) < 2 * REPLY_S


@pytest.mark.parametrize("dialect", ["twilio", "plivo", "telnyx", "vonage", "exotel"])
async def test_a_phone_bot_in_every_dialect(dialect, bots, tmp_path):
    (outcome,) = await converse_on_time(f"twilio:url={bots[dialect]},dialect={dialect},quiet_s=0.6", tmp_path)
    assert outcome.error is None
    assert sound_s(outcome.received) == pytest.approx(REPLY_S, abs=0.15)
