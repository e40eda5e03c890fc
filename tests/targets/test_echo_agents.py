"""The echo agent answers each protocol that it speaks with what it heard, after its delay."""

import base64
import json
from asyncio import gather

import pytest
from websockets.asyncio.client import connect

from tests.support.caller_sound import response_s, sound_s, utterance
from tests.support.scripted_agent import FixedPhone
from tests.support.tones import tone
from voicelab.audio import g711
from voicelab.targets.base import TargetSettings
from voicelab.targets.catalog import target_config
from voicelab.targets.echo_agent import EchoAgent, EchoSettings
from voicelab.targets.echo_phone import EchoPhone
from voicelab.targets.echo_wyoming import EchoWyoming
from voicelab.targets.phone_dialects import phone_dialects

DELAY_S, SAID_S = 0.3, 0.6
SETTINGS = EchoSettings(delay_s=DELAY_S)
AGENTS = [
    (EchoAgent(SETTINGS), "http://127.0.0.1:{port}"),
    (EchoWyoming(SETTINGS), "wyoming:url=tcp://127.0.0.1:{port}"),
    *(
        (EchoPhone(dialect, SETTINGS), f"twilio:url=ws://127.0.0.1:{{port}},dialect={dialect},quiet_s=0.2")
        for dialect in phone_dialects()
    ),
]


async def one_turn(agent, spec, tmp_path):
    async with agent.serving() as port:
        target = target_config(spec.format(port=port)).build()
        await target.open(TargetSettings(tmp_path, timeout_s=5.0))
        async with target.session("ada") as session:
            return await session.speak(utterance(SAID_S, 0.1), "realtime")


async def test_each_protocol_gives_back_what_was_said_after_the_delay(tmp_path):
    outcomes = await gather(*(one_turn(agent, spec, tmp_path) for agent, spec in AGENTS))
    for (_, spec), outcome in zip(AGENTS, outcomes, strict=True):
        assert outcome.error is None, spec
        assert (outcome.heard, outcome.answer) == (None, None), spec
        assert sound_s(outcome.received) == pytest.approx(SAID_S, abs=0.03), spec
        # Seven conversations share this process.
        assert response_s(outcome) == pytest.approx(DELAY_S, abs=0.15), spec


async def test_a_caller_who_speaks_over_a_reply_makes_a_phone_agent_drop_the_rest():
    said = base64.b64encode(g711.encode(tone(0.1, 8_000), "mulaw")).decode()
    loud = json.dumps({"event": "media", "media": {"payload": said}})
    agent = FixedPhone(tone(2.0, 8_000), delay_s=0.05)
    async with agent.serving() as port, connect(f"ws://127.0.0.1:{port}") as socket:
        await socket.send(loud)
        answered = [json.loads(await socket.recv())["event"] for _ in range(10)]
        assert answered == ["media"] * 10
        await socket.send(loud)
        assert json.loads(await socket.recv())["event"] == "clear"
