"""A call from Twilio is answered in 20 ms μ-law, and the caller can interrupt."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.support.dialect_server import Messages, pieces, silence, tone
from tests.support.serving import PATIENCE_S, Served
from voicelab.audio import g711
from voicelab.audio.clip import Clip

RATE_HZ = 8000
SID = "MZ00000000000000000000000000000001"
START = {"streamSid": SID, "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": RATE_HZ, "channels": 1}}


@asynccontextmanager
async def called(served: Served) -> AsyncIterator[Messages]:
    async with asyncio.timeout(PATIENCE_S), connect(f"ws://127.0.0.1:{served.port}/ws/twilio") as socket:
        messages = Messages(socket, "event")
        await messages.send(event="connected", protocol="Call", version="1.0.0")
        await messages.send(event="start", sequenceNumber="1", streamSid=SID, start=START)
        yield messages


async def speak(messages: Messages, sound: bytes) -> None:
    encoded = g711.encode(Clip.from_pcm16(sound, RATE_HZ), "mulaw")
    for number, piece in enumerate(pieces(encoded, 160), start=2):
        media = {"track": "inbound", "payload": base64.b64encode(piece).decode()}
        await messages.send(event="media", sequenceNumber=str(number), streamSid=SID, media=media)


async def test_a_call_is_answered_with_sound_and_a_mark(served):
    async with called(served) as messages:
        await speak(messages, silence(0.3, RATE_HZ) + tone(1.0, RATE_HZ) + silence(2.0, RATE_HZ))
        mark = await messages.until("mark")
    assert messages.kinds == ["media", "mark"]
    assert {message["streamSid"] for message in messages.seen} == {SID}
    assert mark["mark"]["name"]
    sound = b"".join(base64.b64decode(one["media"]["payload"]) for one in messages.seen if one["event"] == "media")
    assert sound


async def test_speech_over_a_reply_clears_what_twilio_holds(talkative):
    async with called(talkative) as messages:
        await speak(messages, tone(1.0, RATE_HZ) + silence(2.0, RATE_HZ))
        await messages.until("media")
        await speak(messages, tone(2.0, RATE_HZ))
        await messages.until("clear")


async def test_the_call_is_kept_in_the_history(served):
    before = len(served.rows("SELECT * FROM turns"))
    async with called(served) as messages:
        await speak(messages, tone(1.0, RATE_HZ) + silence(2.0, RATE_HZ))
        await messages.until("mark")
        await messages.send(event="stop", streamSid=SID)
    (turn,) = served.rows("SELECT * FROM turns")[before:]
    assert turn["transcription"].startswith("you spoke")


@pytest.mark.parametrize(
    "messages",
    [
        [{"event": "media", "media": {"payload": "AAAA"}}],
        [
            {
                "event": "start",
                "start": {"mediaFormat": {"encoding": "audio/pcm", "sampleRate": 16000}},
                "streamSid": SID,
            }
        ],
        [{"event": "start", "start": START}],
        [{"event": "start", "start": START, "streamSid": SID}, {"event": "start", "start": START, "streamSid": SID}],
        [{"event": "start", "start": START, "streamSid": SID}, {"event": "media", "media": {}}],
        [{"event": "start", "start": START, "streamSid": SID}, {"event": "media", "media": "x"}],
        [{"event": "nonsense"}],
        [{}],
    ],
)
async def test_what_is_no_message_of_twilio_leaves_the_server_as_it_was(served, messages: list[dict[str, Any]]):
    """Twilio's protocol has no error messages, so nothing is sent; the next call is answered."""
    async with asyncio.timeout(PATIENCE_S), connect(f"ws://127.0.0.1:{served.port}/ws/twilio") as socket:
        broken = Messages(socket, "event")
        for message in messages:
            await broken.send(**message)
    async with called(served) as working:
        await speak(working, tone(1.0, RATE_HZ) + silence(2.0, RATE_HZ))
        await working.until("mark")
