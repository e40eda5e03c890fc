"""The WebSocket client that speaks the protocol and keeps an instant for each thing that happens."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from time import perf_counter
from typing import Any, Self
from urllib.parse import quote, urlsplit

import websockets
from websockets.asyncio.client import ClientConnection

from voicelab.addresses import basic_authorization, take_user
from voicelab.audio.incoming import Mode
from voicelab.errors import ConnectionLostError, InputError, NoReplyError, ServerError, VoicelabError
from voicelab.targets.base import TurnOutcome
from voicelab.targets.reply_clock import ReplyClock
from voicelab.targets.request import paced, request_chunks

_LARGEST_MESSAGE = 64 * 2**20
_FINAL_STATUSES = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UPGRADE_REQUIRED,
}
"""Answers to a handshake that stay the same however long a client waits."""


class VoiceClient:
    """One session with a server. Use it with `async with VoiceClient.connect(...)`."""

    def __init__(self, connection: ClientConnection, timeout_s: float) -> None:
        self._connection = connection
        self._timeout_s = timeout_s
        self.session_id = ""

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        url: str,
        *,
        user_id: str,
        session_id: str | None = None,
        events: tuple[str, ...] = ("turn_metrics",),
        timeout_s: float = 30.0,
    ) -> AsyncIterator[Self]:
        """Open a session. url: `ws://host:port/ws/voice/simple`; events: those asked for beyond the seed's.

        A user part in the url (`ws://user:password@host`) is sent as HTTP Basic and shown nowhere.

        The user is then the token's, and user_id is not sent.

        Raises ConnectionLostError when the server cannot be reached or is busy, InputError when it refuses this client
        (no token, a wrong path), ServerError when it refuses `init`.
        """
        url = take_user(url)
        authorization = basic_authorization(url)
        named = None if authorization else user_id
        try:
            connection = await websockets.connect(
                f"{url}?user_id={quote(named)}" if named else url,
                origin=websockets.Origin(_own_origin(url)),
                additional_headers=authorization,
                max_size=_LARGEST_MESSAGE,
                open_timeout=timeout_s,
                compression=None,
                proxy=None,
            )
        except websockets.InvalidStatus as error:
            raise _refused(url, error) from error
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise ConnectionLostError(
                f"{url}: cannot connect: {error}; is the server running? (make run-server)"
            ) from error
        async with connection:
            client = cls(connection, timeout_s)
            await client._send("init", {"user_id": named, "session_id": session_id, "events": list(events)})
            started = await client._receive()
            if started["event"] == "error":
                raise ServerError(started["data"]["code"], started["data"]["message"])
            client.session_id = started["data"]["session_id"]
            yield client

    async def speak(self, audio: bytes, mode: Mode = "burst", *, source: str = "the recording") -> TurnOutcome:
        """Send a recording and take the whole reply. A turn that the server refuses is a Take with `error`.

        Raises ConnectionLostError when the connection ends, NoReplyError when nothing comes for timeout_s.
        """
        chunks = request_chunks(audio, mode, source=source)
        sent = 0
        async for chunk in paced(chunks, mode):
            sent += 1
            data = {
                "audio_chunk": base64.b64encode(chunk.data).decode(),
                "format": chunk.form,
                "is_final": sent == len(chunks),
            }
            if chunk.form == "pcm16":
                data["sample_rate"] = chunk.sample_rate_hz
            await self._send("audio_chunk", data)
        return await self._take_reply(perf_counter())

    async def say(self, text: str) -> TurnOutcome:
        """A typed turn."""
        await self._send("text", {"text": text})
        return await self._take_reply(perf_counter())

    async def _take_reply(self, t_end: float) -> TurnOutcome:
        take, clock = TurnOutcome(), ReplyClock()
        while True:
            message = await self._receive()
            at_s, event, data = perf_counter() - t_end, message["event"], message["data"]
            if event == "transcription":
                take.heard, take.transcript_s = data["text"], at_s
            elif event == "agent_response":
                take.answer, take.reply_text_s = data["text"], at_s
                take.intent, take.entities = data["intent"], data["entities"]
            elif event == "turn_metrics":
                take.candidates = data.pop("candidates", [])
                take.stages = {name: value for name, value in data.items() if name.endswith("_s")}
            elif event == "error":
                take.error = (data["code"], data["message"])
                break
            elif event == "audio_chunk":
                clock.arrived(at_s, base64.b64decode(data["audio_chunk"]))
                if data["is_final"]:
                    take.turn_s = at_s
                    break
        take.reply_audio, take.chunks = clock.audio, clock.chunks
        take.first_audio_s = clock.first_sound_s()
        return take

    async def _send(self, event: str, data: dict[str, Any]) -> None:
        try:
            await self._connection.send(json.dumps({"event": event, "data": data}))
        except websockets.ConnectionClosed as error:
            raise ConnectionLostError(f"the server closed the connection: {error}") from error

    async def _receive(self) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._timeout_s):
                message: dict[str, Any] = json.loads(await self._connection.recv())
                return message
        except TimeoutError as error:
            raise NoReplyError(f"the server sent nothing for {self._timeout_s:g} s") from error
        except websockets.ConnectionClosed as error:
            raise ConnectionLostError(f"the server closed the connection: {error}") from error


def _refused(url: str, error: websockets.InvalidStatus) -> VoicelabError:
    """The error for a handshake that was answered with HTTP: waiting helps only where the server is busy or ending."""
    status = error.response.status_code
    try:
        detail = json.loads(error.response.body or b"")["detail"]
        reason = detail if isinstance(detail, str) else str(detail["message"])
    except (ValueError, KeyError, TypeError):
        reason = "it gives no reason"
    message = f"{url}: the server refused the connection with HTTP {status}: {reason}"
    return InputError(message) if status in _FINAL_STATUSES else ConnectionLostError(message)


def _own_origin(url: str) -> str:
    """The origin of the server's own pages, which every server accepts."""
    parts = urlsplit(url)
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"
