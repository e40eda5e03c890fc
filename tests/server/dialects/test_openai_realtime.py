"""The `openai` client holds a conversation, and every event fits the models of `openai.types.realtime`."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.dialect_server import LONG, Messages, dialect_server, g711_tone, pieces, silence, tone
from tests.support.serving import PATIENCE_S, Served

RATE_HZ = 24_000
EVENTS: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)


@asynccontextmanager
async def realtime(served: Served, **session: Any) -> AsyncIterator[Any]:
    """A connection of the real client. session: what session.update says."""
    base = f"127.0.0.1:{served.port}/v1"
    client = AsyncOpenAI(api_key="unused", base_url=f"http://{base}", websocket_base_url=f"ws://{base}")
    async with asyncio.timeout(PATIENCE_S), client.realtime.connect(model="voicelab") as connection:
        created = await connection.recv()
        assert created.type == "session.created"
        if session:
            await connection.session.update(session={"type": "realtime", **session})
            assert (await connection.recv()).type == "session.updated"
        yield connection
    await client.close()


def manual() -> dict[str, Any]:
    return {"audio": {"input": {"turn_detection": None}}}


async def events_until(connection: Any, kind: str) -> list[Any]:
    found = []
    async for event in connection:
        EVENTS.validate_python(json.loads(event.model_dump_json(exclude_unset=True)), strict=False)
        found.append(event)
        if event.type == kind:
            break
    return found


def kinds(events: list[Any]) -> list[str]:
    names = [event.type for event in events]
    return [name for place, name in enumerate(names) if place == 0 or name != names[place - 1]]


RESPONSE = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
]


async def append(connection: Any, sound: bytes, rate_hz: int = RATE_HZ) -> None:
    for piece in pieces(sound, rate_hz // 10):
        await connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())


async def test_a_committed_turn_is_answered_when_the_client_asks(served):
    async with realtime(served, **manual()) as connection:
        await append(connection, tone(1.0, RATE_HZ))
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        events = await events_until(connection, "response.done")
    assert kinds(events) == [
        "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
        "conversation.item.input_audio_transcription.completed", *RESPONSE,
    ]  # fmt: skip
    committed, heard = events[0], events[3]
    assert heard.transcript == "you spoke 1.00 seconds"
    assert heard.item_id == committed.item_id
    assert heard.usage.seconds == pytest.approx(1.0, abs=0.01)
    response = events[-1].response
    assert response.status == "completed"
    assert response.output[0].content[0].transcript == "Turn 1. you spoke 1.00 seconds."
    assert sum(len(base64.b64decode(one.delta)) for one in events if one.type == "response.output_audio.delta") > 0


async def test_the_server_finds_the_turns_in_a_stream(served):
    async with realtime(served) as connection:
        await append(connection, silence(0.5, RATE_HZ) + tone(1.0, RATE_HZ) + silence(2.0, RATE_HZ))
        events = await events_until(connection, "response.done")
    assert kinds(events)[:5] == [
        "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", "input_audio_buffer.committed",
        "conversation.item.added", "conversation.item.done",
    ]  # fmt: skip
    started, stopped = events[0], events[1]
    assert started.audio_start_ms == pytest.approx(500, abs=60)
    assert stopped.audio_end_ms == pytest.approx(1500, abs=60)
    assert started.item_id == stopped.item_id


async def test_a_typed_message_is_answered(served):
    async with realtime(served) as connection:
        content = [{"type": "input_text", "text": "how much is apple"}]
        await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        await connection.response.create()
        events = await events_until(connection, "response.done")
    assert events[-1].response.output[0].content[0].transcript == "Turn 1. how much is apple."


@pytest.mark.parametrize(("kind", "law"), [("audio/pcmu", "mulaw"), ("audio/pcma", "alaw")])
async def test_telephone_formats_go_both_ways(served, kind, law):
    form = {"format": {"type": kind}}
    session = {"audio": {"input": {**form, "turn_detection": None}, "output": form}}
    async with realtime(served, **session) as connection:
        await append(connection, g711_tone(1.0, law), 8000)
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        events = await events_until(connection, "response.done")
    assert "you spoke 1.00 seconds" in events[-1].response.output[0].content[0].transcript
    assert events[-1].response.audio.output.format.type == kind


async def test_a_cancelled_response_ends_as_cancelled(talkative):
    async with realtime(talkative, **manual()) as connection:
        await append(connection, tone(1.0, RATE_HZ))
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        await events_until(connection, "response.output_audio.delta")
        await connection.response.cancel()
        done = (await events_until(connection, "response.done"))[-1].response
    assert done.status == "cancelled"
    assert done.status_details.reason == "client_cancelled"
    assert len(done.output[0].content[0].transcript) < len(LONG)


async def test_speech_over_a_reply_cancels_it(talkative):
    async with realtime(talkative) as connection:
        await append(connection, tone(1.0, RATE_HZ) + silence(2.0, RATE_HZ))
        await events_until(connection, "response.output_audio.delta")
        await append(connection, tone(2.0, RATE_HZ))
        done = (await events_until(connection, "response.done"))[-1].response
    assert (done.status, done.status_details.reason) == ("cancelled", "turn_detected")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"type": "response.create"}, "there is nothing to answer"),
        ({"type": "response.cancel"}, "no response is in progress"),
        ({"type": "input_audio_buffer.commit"}, "the buffer is empty"),
        ({"type": "input_audio_buffer.append"}, "audio is missing"),
        ({"type": "conversation.item.create", "item": {"type": "message", "role": "system"}}, "expected"),
        ({"type": "conversation.item.truncate", "item_id": 7}, "expected item_id"),
        ({"type": "session.update", "session": {"tools": [{"type": "function"}]}}, "tools"),
        ({"type": "session.update", "session": {"input_audio_format": "mp3"}}, "known: audio/pcm"),
        ({"type": "session.update", "session": {"output_modalities": ["text"]}}, "replies are always audio"),
        ({"type": "session.update", "session": 3}, "expected an object"),
        ({"type": "no.such.event"}, "no.such.event"),
        ({}, "None"),
    ],
)
async def test_what_cannot_be_done_is_an_error_that_names_the_event(served, message, said):
    async with asyncio.timeout(PATIENCE_S), connect(f"ws://127.0.0.1:{served.port}/v1/realtime") as socket:
        messages = Messages(socket, "type")
        await messages.until("session.created")
        await messages.send(**message, event_id="mine")
        answer = await messages.until("error")
        EVENTS.validate_python(answer)
        assert said in answer["error"]["message"]
        assert answer["error"]["event_id"] == "mine"
        await messages.send(type="session.update", session={"turn_detection": None, "input_audio_format": "g711_ulaw"})
        session = (await messages.until("session.updated"))["session"]
    assert session["audio"]["input"] == {"format": {"type": "audio/pcmu"}, "turn_detection": None}


async def test_formats_cannot_change_once_sound_has_come(served):
    async with realtime(served) as connection:
        await append(connection, silence(0.2, RATE_HZ))
        await connection.session.update(
            session={"type": "realtime", "audio": {"output": {"format": {"type": "audio/pcmu"}}}}
        )
        assert "connect again" in (await events_until(connection, "error"))[-1].error.message


async def test_a_token_opens_it_in_a_header_and_as_a_browser_sends_it(tmp_path):
    with dialect_server(tmp_path, auth_tokens='{"secret-of-twenty-two-x": "ann"}') as served:
        address = f"ws://127.0.0.1:{served.port}/v1/realtime"
        with pytest.raises(InvalidStatus) as refused:
            await connect(address)
        assert refused.value.response.status_code == 401
        async with connect(address, additional_headers={"Authorization": "Bearer secret-of-twenty-two-x"}) as socket:
            await Messages(socket, "type").until("session.created")
        names = ["realtime", "openai-insecure-api-key.secret-of-twenty-two-x"]
        async with connect(address, subprotocols=names, origin="http://localhost:3000") as socket:
            assert socket.subprotocol == "realtime"


async def test_a_page_from_elsewhere_is_refused(served):
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{served.port}/v1/realtime", origin="http://evil.example")
    assert refused.value.response.status_code == 403
