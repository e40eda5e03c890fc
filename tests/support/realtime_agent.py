"""An OpenAI Realtime agent that behaves as specified by a test. openai's own models validate all events."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import numpy as np
from openai.types.realtime.realtime_client_event import RealtimeClientEvent
from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import TypeAdapter
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.support.tones import tone

_SENT: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
_RECEIVED: TypeAdapter[Any] = TypeAdapter(RealtimeClientEvent)
_BETA = {
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
    "conversation.item.added": "conversation.item.created",
}
SILENCE_S = 0.3
"""Silence after which the agent considers the turn complete."""


@dataclass
class RealtimeAgent:
    """The agent. behaviour: answer, or a kind of failure. delay_s: from the detected end of the turn to the reply."""

    behaviour: str = "answer"
    delay_s: float = 0.2
    reply_s: float = 0.6
    beta: bool = False
    heard: str = "hello there"
    answer: str = "Good morning."
    received: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[RealtimeAgent]:
        async with serve(self._talk, "127.0.0.1", 0, process_request=self._admit) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/v1/realtime"
            try:
                yield self
            finally:
                for task in self._tasks:
                    task.cancel()

    def sent_by_caller(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.received if event["type"] == name]

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.behaviour == "refuse":
            return connection.respond(HTTPStatus.UNAUTHORIZED, json.dumps({"error": {"message": "no such key"}}))
        if self.behaviour == "busy":
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "full\n")
        return None

    async def _talk(self, connection: ServerConnection) -> None:
        call = _Call(self, connection)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await call.run()
        except ConnectionClosed:
            pass
        finally:
            self._tasks.discard(task)
            call.stop()


class _Call:
    def __init__(self, agent: RealtimeAgent, connection: ServerConnection) -> None:
        self._agent, self._connection = agent, connection
        self._numbers = iter(range(1, 1_000_000))
        self._rate_hz, self._detects = 24_000, True
        self._speaking, self._silence_s = False, 0.0
        self._reply: asyncio.Task[None] | None = None

    def stop(self) -> None:
        if self._reply is not None:
            self._reply.cancel()

    async def run(self) -> None:
        if self._agent.behaviour == "hang_before_session":
            await asyncio.sleep(60)
        session = {"type": "realtime", "model": "test", "output_modalities": ["audio"]}
        await self._send("session.created", session=session)
        async for message in self._connection:
            event = json.loads(message)
            if not self._agent.beta:
                _RECEIVED.validate_python(event)
            if event["type"] == "input_audio_buffer.append":
                await self._listen(base64.b64decode(event["audio"]))
                continue
            self._agent.received.append(event)
            await self._react(event, session)

    async def _react(self, event: dict[str, Any], session: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "session.update":
            if self._agent.behaviour == "hang_before_ready":
                return
            asked = event["session"]
            heard = asked if self._agent.beta else asked["audio"]["input"]
            self._detects = heard["turn_detection"] is not None
            await self._send("session.updated", session={**session, "instructions": asked.get("instructions", "")})
        elif kind == "response.create":
            self._reply = asyncio.create_task(self._respond())
        elif kind == "response.cancel":
            await self._cancel()
        elif kind == "conversation.item.truncate":
            fields = {key: event[key] for key in ("item_id", "content_index", "audio_end_ms")}
            await self._send("conversation.item.truncated", **fields)

    async def _listen(self, data: bytes) -> None:
        if not self._detects:
            return
        samples = np.frombuffer(data, dtype="<i2").astype(np.float64) / 32768
        loud = bool(len(samples)) and float(np.sqrt(np.mean(samples**2))) > 0.01
        if loud:
            self._silence_s = 0.0
            if not self._speaking:
                self._speaking = True
                await self._send("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_user")
                if self._agent.behaviour == "close_in_speech":
                    await self._connection.close(1011, "out of order")
                await self._cancel()
        elif self._speaking:
            self._silence_s += len(samples) / self._rate_hz
            if self._silence_s >= SILENCE_S - 1e-9:
                self._speaking = False
                await self._send("input_audio_buffer.speech_stopped", audio_end_ms=0, item_id="item_user")
                self._reply = asyncio.create_task(self._respond())

    async def _cancel(self) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.cancel()
            await self._done("cancelled")

    async def _respond(self) -> None:
        agent = self._agent
        await self._send("input_audio_buffer.committed", item_id="item_user")
        await self._heard()
        await asyncio.sleep(agent.delay_s)
        if await self._misbehave():
            return
        await self._send("response.created", response={"id": "resp_1", "object": "realtime.response"})
        if agent.behaviour == "tool" and not agent.sent_by_caller("conversation.item.create"):
            await self._call_tool()
            return
        await self._speak()
        if agent.behaviour != "never_ends":
            await self._done("completed")

    async def _heard(self) -> None:
        place = {"item_id": "item_user", "content_index": 0}
        name = "conversation.item.input_audio_transcription"
        await self._send(f"{name}.delta", delta=self._agent.heard[:3], **place)
        usage = {"type": "duration", "seconds": 1.0}
        await self._send(f"{name}.completed", transcript=self._agent.heard, usage=usage, **place)

    async def _speak(self) -> None:
        place = {"item_id": "item_agent", "content_index": 0, "output_index": 0, "response_id": "resp_1"}
        pcm = tone(self._agent.reply_s, self._rate_hz).to_pcm16()
        size = 2 * self._rate_hz // 10
        for start in range(0, len(pcm), size):
            delta = base64.b64encode(pcm[start : start + size]).decode()
            await self._send("response.output_audio.delta", delta=delta, **place)
            if self._agent.behaviour == "close_in_reply":
                await self._connection.close(1011, "out of order")
            await asyncio.sleep(0.01)
        for word in self._agent.answer.split(" "):
            await self._send("response.output_audio_transcript.delta", delta=f"{word} ", **place)
        await self._send("response.output_audio_transcript.done", transcript=self._agent.answer, **place)

    async def _call_tool(self) -> None:
        item = {"type": "function_call", "name": "quote", "call_id": "call_1", "arguments": '{"ticker": "NVDA"}'}
        await self._send("response.output_item.done", item=item, output_index=0, response_id="resp_1")
        await self._send("response.done", response={"id": "resp_1", "status": "completed", "output": [item]})

    async def _done(self, status: str) -> None:
        await self._send("response.done", response={"id": "resp_1", "status": status, "output": []})

    async def _misbehave(self) -> bool:
        """Fail as specified. Returns whether there is no reply."""
        match self._agent.behaviour:
            case "hang":
                return True
            case "error":
                error = {"type": "server_error", "code": "overloaded", "message": "no model is free"}
                await self._send("error", error=error)
                return True
            case "failed":
                details = {"type": "failed", "error": {"type": "server_error", "code": "boom"}}
                await self._send("response.done", response={"id": "r", "status": "failed", "status_details": details})
                return True
            case "empty":
                await self._done("completed")
                return True
            case "garbage":
                for text in ("{", "[1, 2]", "\x00" * 9, '{"type": "response.output_audio.delta", "delta": "!!"}'):
                    await self._connection.send(text)
                await self._connection.send(b"\xff\xfe")
            case "foreign":
                await self._connection.send(json.dumps({"type": "mcp_list_tools.in_progress", "nested": {"a": [1]}}))
                await self._connection.send(json.dumps({"kind": 7}))
            case "flood":
                while True:
                    await self._connection.send(json.dumps({"type": "rate_limits.updated"}))
                    await asyncio.sleep(0)  # the agents of one test share this process
            case "babble":
                place = {"item_id": "i", "content_index": 0, "output_index": 0, "response_id": "r"}
                sound = base64.b64encode(tone(10, self._rate_hz).to_pcm16()).decode()
                for _ in range(60):
                    await self._send("response.output_audio.delta", delta=sound, **place)
                return True
        return False

    async def _send(self, name: str, **fields: Any) -> None:
        event = {"type": name, "event_id": f"event_{next(self._numbers)}", **fields}
        if name == "conversation.item.input_audio_transcription.delta":
            event.setdefault("logprobs", None)
        _SENT.validate_python(event)
        if self._agent.beta:
            event["type"] = _BETA.get(name, name)
        await self._connection.send(json.dumps(event))
