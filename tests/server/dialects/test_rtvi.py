"""The messages to RTVI clients match Pipecat's models, as `pipecat eval` reads them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

import pytest
from websockets.asyncio.client import connect

from server.dialects.rtvi import RtviDialect
from server.frames import FrameLimits
from server.messages import Refused
from tests.support.caller_sound import utterance
from tests.support.dialect_server import Messages, pieces, silence, tone
from tests.support.serving import PATIENCE_S, Served
from voicelab.audio.pipecat_frames import decode_frame, encode_frame
from voicelab.targets.base import TargetSettings
from voicelab.targets.catalog import target_config

RATE_HZ = 16_000
LABEL = {"label": "rtvi-ai", "id": "1"}


@asynccontextmanager
async def ready(served: Served, **flags: bool) -> AsyncIterator[Messages]:
    """A client that is ready. flags: those of an evaluation."""
    async with asyncio.timeout(PATIENCE_S), connect(f"ws://127.0.0.1:{served.port}/ws/rtvi") as socket:
        messages = Messages(socket, "type")
        if flags:
            await messages.send(**LABEL, type="client-message", data={"t": "eval-connect", "d": flags})
        about = {"library": "test", "library_version": "1"}
        await messages.send(**LABEL, type="client-ready", data={"version": "2.0.0", "about": about})
        answer = await messages.until("bot-ready")
        assert answer["id"] == "1"
        yield messages


async def speak(messages: Messages, sound: bytes) -> None:
    for piece in pieces(sound, RATE_HZ // 10):
        data = {"base64Audio": base64.b64encode(piece).decode(), "sampleRate": RATE_HZ, "numChannels": 1}
        await messages.send(**LABEL, type="raw-audio", data=data)


async def test_a_spoken_turn_is_heard_and_answered_in_order(served):
    async with ready(served) as messages:
        await speak(messages, silence(0.3, RATE_HZ) + tone(1.0, RATE_HZ) + silence(2.0, RATE_HZ))
        await messages.until("bot-stopped-speaking")
    final = [one for one in messages.seen if one.get("data", {}).get("final", True)]
    kinds = [kind for kind, _ in groupby(one["type"] for one in final)]
    assert [kind for kind in kinds if kind != "bot-output"] == [
        "bot-ready", "user-started-speaking", "user-stopped-speaking", "user-transcription", "user-input",
        "bot-llm-started", "bot-llm-text", "bot-llm-stopped", "bot-tts-started", "bot-tts-text",
        "bot-started-speaking", "bot-tts-audio", "bot-tts-stopped", "bot-stopped-speaking",
    ]  # fmt: skip
    texts = {message["type"]: message["data"].get("text") for message in messages.seen if "data" in message}
    assert texts["user-transcription"].startswith("you spoke")
    assert texts["bot-llm-text"] == texts["bot-tts-text"] == f"Turn 1. {texts['user-input']}."


async def test_every_message_fits_pipecats_models(served):
    models = pytest.importorskip("pipecat.processors.frameworks.rtvi.models", reason="pipecat-ai is not installed")
    known = {
        one.model_fields["type"].default: one
        for one in vars(models).values()
        if isinstance(one, type) and issubclass(one, models.BaseModel) and "type" in one.model_fields
    }
    async with ready(served) as messages:
        await speak(messages, silence(0.3, RATE_HZ) + tone(1.0, RATE_HZ) + silence(2.0, RATE_HZ))
        await messages.until("bot-stopped-speaking")
    for message in messages.seen:
        known[message["type"]].model_validate(message)


async def test_a_typed_turn_of_an_evaluation_is_answered_without_sound(served):
    async with ready(served, skip_tts=True) as messages:
        await messages.send(**LABEL, type="send-text", data={"content": "how much is apple"})
        await messages.until("bot-output")
        await messages.send(**LABEL, type="send-text", data={"content": "and tesla"})
        await messages.until("bot-output")
    answers = [message["data"]["text"] for message in messages.seen if message["type"] == "bot-llm-text"]
    assert answers == ["Turn 1. how much is apple.", "Turn 2. and tesla."]
    assert not {"bot-tts-audio", "eval-bot-audio", "bot-started-speaking"} & set(messages.kinds)


async def test_an_evaluation_that_asks_for_sound_gets_it(served):
    async with ready(served, capture_bot_audio=True) as messages:
        await messages.send(**LABEL, type="send-text", data={"content": "how much is apple"})
        await messages.until("bot-stopped-speaking")
    sounds = [message["data"] for message in messages.seen if message["type"] == "eval-bot-audio"]
    assert sum(len(base64.b64decode(sound["audio"])) for sound in sounds) > 0
    assert {sound["sampleRate"] for sound in sounds} == {24_000}


async def test_speech_over_a_reply_interrupts_it(talkative):
    async with ready(talkative) as messages:
        await speak(messages, tone(1.0, RATE_HZ) + silence(2.0, RATE_HZ))
        await messages.until("bot-tts-audio")
        await speak(messages, tone(2.0, RATE_HZ))
        await messages.until("bot-interrupted")
        await messages.until("bot-stopped-speaking")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"type": "client-ready"}, "label"),
        ({**LABEL, "type": "llm-function-call-result"}, "llm-function-call-result"),
        ({**LABEL, "type": "raw-audio", "data": {"sampleRate": 16000}}, "base64Audio"),
        ({**LABEL, "type": "raw-audio", "data": {"base64Audio": "AAAA", "sampleRate": 1}}, "sampleRate"),
        ({**LABEL, "type": "raw-audio", "data": {"base64Audio": "AAAA", "numChannels": 2}}, "numChannels"),
        ({**LABEL, "type": "raw-audio-batch", "data": {"base64AudioBatch": ["AAAA"] * 65}}, "at most 64"),
        ({**LABEL, "type": "send-text", "data": {"content": " "}}, "send-text"),
        ({**LABEL, "type": "send-text", "data": []}, "send-text"),
        ({**LABEL, "type": "send-text", "data": [1]}, "data"),
    ],
)
async def test_what_cannot_be_read_is_an_error_and_the_connection_goes_on(served, message, said):
    async with ready(served, skip_tts=True) as messages:
        await messages.send(**message)
        assert said in (await messages.until("error"))["data"]["error"]
        await messages.send(**LABEL, type="send-text", data={"content": "hello"})
        await messages.until("bot-llm-text")


async def test_a_client_of_pipecats_frames_is_answered_in_them(served, tmp_path):
    target = target_config(f"rtvi:url=ws://127.0.0.1:{served.port}/ws/rtvi").build()
    await target.open(TargetSettings(tmp_path, timeout_s=PATIENCE_S))
    async with target.session("caller") as session:
        outcome = await session.speak(utterance(1.0, trailing_s=2.0), "realtime")
    assert outcome.error is None
    assert outcome.heard.startswith("you spoke")
    assert outcome.answer == f"Turn 1. {outcome.heard}."
    assert sum(piece.clip.duration_s for piece in outcome.received) > 0


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (b"\xff\xff\xff", "not a pipecat frame"),
        (encode_frame("text", text="hi"), "'text'"),
        (encode_frame("message", data="{"), "JSON"),
        (encode_frame("audio", audio=b"\0\0", sample_rate=1, num_channels=1), "sampleRate"),
        (encode_frame("audio", audio=b"\0\0", sample_rate=16_000, num_channels=2), "numChannels"),
    ],
)
async def test_a_frame_that_cannot_be_read_is_an_error_and_the_connection_goes_on(served, frame, said):
    async with asyncio.timeout(PATIENCE_S), connect(f"ws://127.0.0.1:{served.port}/ws/rtvi") as socket:

        async def until(kind: str) -> dict[str, Any]:
            while True:
                message: dict[str, Any] = json.loads(decode_frame(await socket.recv())[1]["data"])
                if message["type"] == kind:
                    return message

        await socket.send(frame)
        assert said in (await until("error"))["data"]["error"]
        ready = {**LABEL, "type": "client-ready", "data": {"version": "2.0.0", "about": {"library": "test"}}}
        await socket.send(encode_frame("message", data=json.dumps(ready)))
        assert (await until("bot-ready"))["id"] == "1"


def test_a_frame_over_the_limit_is_refused_before_it_is_read():
    with pytest.raises(Refused, match="the frame holds 101 bytes; at most 100"):
        RtviDialect(FrameLimits(message_bytes=100, json_bytes=100)).read(bytes(101))


async def test_an_unknown_client_message_gets_an_error_response(served):
    async with ready(served) as messages:
        await messages.send(label="rtvi-ai", id="7", type="client-message", data={"t": "weather", "d": {}})
        answer: dict[str, Any] = await messages.until("error-response")
    assert answer["id"] == "7"
    assert "weather" in answer["data"]["error"]
