"""An agent with known timing: it repeats the caller's audio a fixed time after the caller stopped speaking.

It implements voicelab's protocol (docs/reference/protocol.md) and detects the end of speech by level, so the trailing
silence of a recording does not matter. It does not recognize words and sends no text.
"""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from voicelab.audio.clip import Clip
from voicelab.audio.incoming import IncomingAudio
from voicelab.audio.opus import OggOpusWriter
from voicelab.errors import InputError

_LONGEST_TURN_S = 120.0
_LARGEST_MESSAGE = 16 * 2**20
_PIECE_S = 0.2
_LOUD = 10 ** (-40 / 20)
REPLY_RATE_HZ = 24_000


@dataclass(frozen=True, slots=True)
class EchoSettings:
    """The behaviour of the agent.

    delay_s: from the end of the caller's speech to the reply. leading_silence_s: silence at the start of the reply's
    audio.
    """

    delay_s: float = 0.5
    leading_silence_s: float = 0.0


@dataclass(slots=True)
class CallerTurn:
    """The caller's turn so far. ended_s: time of its last loud sample (`time.perf_counter`), or None."""

    incoming: IncomingAudio = field(default_factory=lambda: IncomingAudio(longest_s=_LONGEST_TURN_S))
    parts: list[Clip] = field(default_factory=list)
    began_s: float | None = None
    ended_s: float | None = None

    def take(self, clip: Clip | None, arrived_s: float) -> None:
        """Add audio whose last sample was spoken when it arrived."""
        if clip is None or not len(clip.samples):
            return
        self.parts.append(clip)
        loud = np.flatnonzero(np.abs(clip.samples) > _LOUD)
        if len(loud):
            self.ended_s = arrived_s - (len(clip.samples) - 1 - int(loud[-1])) / clip.rate_hz
            self.began_s = arrived_s if self.began_s is None else self.began_s

    def speech(self) -> Clip:
        """Return the audio from the first loud sample to the last; half a second of silence if there is none."""
        if not self.parts:
            return Clip.silence(0.5)
        heard = Clip.join(self.parts)
        loud = np.flatnonzero(np.abs(heard.samples) > _LOUD)
        return Clip(heard.samples[loud[0] : loud[-1] + 1], heard.rate_hz) if len(loud) else Clip.silence(0.5)


class EchoServer(ABC):
    """An agent that repeats the caller's audio, in one protocol. Subclasses override `sound` to say something else."""

    def __init__(self, settings: EchoSettings | None = None) -> None:
        self.settings = settings or EchoSettings()

    @abstractmethod
    def start(self, host: str, port: int) -> Awaitable[Server] | Awaitable[asyncio.Server]:
        """Start the server."""

    @asynccontextmanager
    async def serving(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
        """Serve during the block, and yield the port; port 0 chooses a free one. Raises InputError if it is in use."""
        try:
            server = await self.start(host, port)
        except OSError as error:
            raise InputError(f"--port {port}: cannot listen on {host}: {error.strerror}; choose another") from error
        async with server:
            chosen: int = next(iter(server.sockets)).getsockname()[1]
            yield chosen

    def sound(self, turn: CallerTurn, rate_hz: int) -> Clip:
        """Return the reply's audio with its leading silence."""
        return Clip.join([Clip.silence(self.settings.leading_silence_s, rate_hz), turn.speech().at_rate(rate_hz)])

    def left_s(self, turn: CallerTurn) -> float | None:
        """Return the seconds until the reply is due; None before the caller has spoken."""
        if turn.ended_s is None:
            return None
        return max(0.0, turn.ended_s + self.settings.delay_s - perf_counter())

    async def wait(self, turn: CallerTurn) -> None:
        """Wait until the reply is due; in a turn without speech, for the delay."""
        left_s = self.left_s(turn)
        await asyncio.sleep(self.settings.delay_s if left_s is None else left_s)


class EchoAgent(EchoServer):
    """A server for voicelab's protocol. Subclasses override `reply` to misbehave."""

    def start(self, host: str, port: int) -> Awaitable[Server]:
        return serve(self._converse, host, port, process_request=_health, max_size=_LARGEST_MESSAGE, compression=None)

    async def reply(self, connection: EchoConnection, turn: CallerTurn) -> None:
        """Reply to one turn."""
        await self.wait(turn)
        for data, is_final in encoded(self.sound(turn, REPLY_RATE_HZ)):
            await connection.send_chunk(data, is_final=is_final)
            await asyncio.sleep(0)  # send the message before the next piece is encoded

    async def _converse(self, socket: ServerConnection) -> None:
        connection = EchoConnection(socket)
        with suppress(ConnectionClosed):
            await self._turns(connection)

    async def _turns(self, connection: EchoConnection) -> None:
        turn, answer = CallerTurn(), None
        while True:
            try:
                message = await asyncio.wait_for(connection.receive(), self.left_s(turn) if answer is None else None)
            except TimeoutError:
                message = None
            is_final = False
            if message is not None and message["event"] == "init":
                await connection.send("session_start", {"user_id": message["data"].get("user_id")})
                continue
            if message is not None and message["event"] == "audio_chunk":
                is_final = bool(message["data"].get("is_final"))
                _feed(turn, message["data"], is_final)
            if answer is None and (is_final or self.left_s(turn) == 0):
                answer = asyncio.create_task(self._answered(connection, turn))
            if is_final:
                if answer is not None:
                    await answer
                turn, answer = CallerTurn(), None

    async def _answered(self, connection: EchoConnection, turn: CallerTurn) -> None:
        with suppress(ConnectionClosed):
            await self.reply(connection, turn)


class EchoConnection:
    """A connection to one client."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.session_id = str(uuid.uuid4())

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.socket.recv())
        return message

    async def send(self, event: str, data: dict[str, Any]) -> None:
        await self.socket.send(json.dumps({"event": event, "data": {**data, "session_id": self.session_id}}))

    async def send_chunk(self, data: bytes, *, is_final: bool) -> None:
        coded = base64.b64encode(data).decode()
        await self.send("audio_chunk", {"audio_chunk": coded, "format": "opus", "is_final": is_final})


def encoded(sound: Clip) -> Iterator[tuple[bytes, bool]]:
    """Yield the reply as pieces of Ogg Opus, each encoded on demand, and whether it is the last one."""
    writer, parts = OggOpusWriter(sound.rate_hz), pieces(sound)
    for number, part in enumerate(parts, start=1):
        is_last = number == len(parts)
        yield writer.feed(part) + (writer.close() if is_last else b""), is_last


def pieces(sound: Clip) -> list[Clip]:
    """Split a reply into pieces; at least one."""
    size = round(_PIECE_S * sound.rate_hz)
    starts = range(0, max(1, len(sound.samples)), size)
    return [Clip(sound.samples[start : start + size], sound.rate_hz) for start in starts]


def _feed(turn: CallerTurn, data: dict[str, Any], is_final: bool) -> None:
    now_s = perf_counter()
    audio = base64.b64decode(data["audio_chunk"])
    with suppress(InputError):
        turn.take(turn.incoming.feed(audio, data.get("format", "opus"), data.get("sample_rate", 16_000)), now_s)
        if is_final:
            turn.take(turn.incoming.finish(), now_s)


def _health(connection: ServerConnection, request: Request) -> Response | None:
    """Answer plain HTTP requests like a voicelab server, so that clients can identify this agent."""
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return None
    return connection.respond(HTTPStatus.OK, json.dumps({"status": "ok", "agent": "echo", "engines": []}))
