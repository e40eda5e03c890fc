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
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
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
    audio. reply: the audio of the reply; None repeats the caller. text: transcript and reply text to send; None: none.
    """

    delay_s: float = 0.5
    leading_silence_s: float = 0.0
    reply: Clip | None = None
    text: str | None = None


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
    """An agent that repeats the caller's audio, in one protocol."""

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

    def with_silence(self, said: Clip, rate_hz: int) -> Clip:
        """Return the audio at rate_hz, preceded by the silence of the settings."""
        return Clip.join([Clip.silence(self.settings.leading_silence_s, rate_hz), said.at_rate(rate_hz)])


class EchoAgent(EchoServer):
    """A server for voicelab's protocol. Subclasses override `reply` to misbehave.

    A fixed reply is encoded in advance, because encoding it on time would add to the delay.
    """

    def __init__(self, settings: EchoSettings | None = None) -> None:
        super().__init__(settings)
        reply = self.settings.reply
        self._set_reply = self.with_silence(reply, REPLY_RATE_HZ) if reply is not None else None
        self._encoded = tuple(encoded(self._set_reply)) if self._set_reply is not None else None

    def start(self, host: str, port: int) -> Awaitable[Server]:
        return serve(self._converse, host, port, process_request=_health, max_size=_LARGEST_MESSAGE, compression=None)

    async def reply(self, connection: EchoConnection, turn: CallerTurn) -> None:
        """Reply to one turn."""
        await connection.wait_until((turn.ended_s or perf_counter()) + self.settings.delay_s)
        if self.settings.text is not None:
            await connection.send("transcription", {"text": self.settings.text})
            await connection.send("agent_response", {"text": self.settings.text, "intent": None, "entities": []})
        await connection.send_pieces(self._encoded or encoded(self.sound(turn)))

    def sound(self, turn: CallerTurn) -> Clip:
        """Return the reply's audio with its leading silence, at REPLY_RATE_HZ."""
        return self._set_reply or self.with_silence(turn.speech(), REPLY_RATE_HZ)

    def may_answer(self, turn: CallerTurn, is_final: bool, now_s: float) -> bool:
        """Return whether the agent considers the turn complete."""
        return is_final or (turn.ended_s is not None and now_s >= turn.ended_s + self.settings.delay_s)

    async def _converse(self, socket: ServerConnection) -> None:
        connection = EchoConnection(socket)
        with suppress(ConnectionClosed):
            await self._turns(connection)

    async def _turns(self, connection: EchoConnection) -> None:
        turn, answer = CallerTurn(), None
        while True:
            try:
                message = await asyncio.wait_for(connection.receive(), self._patience_s(turn, answer))
            except TimeoutError:
                message = None
            is_final = False
            if message is not None and message["event"] == "init":
                await connection.send("session_start", {"user_id": message["data"].get("user_id")})
                continue
            if message is not None and message["event"] == "audio_chunk":
                is_final = bool(message["data"].get("is_final"))
                _feed(turn, message["data"], is_final)
            if answer is None and self.may_answer(turn, is_final, perf_counter()):
                answer = asyncio.create_task(self._answered(connection, turn))
            if is_final:
                if answer is not None:
                    await answer
                turn, answer = CallerTurn(), None

    async def _answered(self, connection: EchoConnection, turn: CallerTurn) -> None:
        with suppress(ConnectionClosed):
            await self.reply(connection, turn)

    def _patience_s(self, turn: CallerTurn, answer: asyncio.Task[None] | None) -> float | None:
        """Return the seconds to wait for more speech before the reply is due."""
        if turn.ended_s is None or answer is not None:
            return None
        return max(0.0, turn.ended_s + self.settings.delay_s - perf_counter())


class EchoConnection:
    """A connection to one client."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self.session_id = str(uuid.uuid4())

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self._socket.recv())
        return message

    async def send(self, event: str, data: dict[str, Any]) -> None:
        await self._socket.send(json.dumps({"event": event, "data": {**data, "session_id": self.session_id}}))

    async def send_pieces(
        self, pieces: Iterable[EncodedPiece], *, pace: float | None = None, ends: bool = True
    ) -> None:
        """Send a reply. pace: seconds of audio per second; None: all at once. ends: mark the last piece as final."""
        started_s = perf_counter()
        for piece in pieces:
            await self.send_chunk(piece.data, is_final=piece.is_last and ends)
            # This also sends the message before the next piece is encoded.
            await self.wait_until(started_s + piece.end_s / pace if pace is not None else started_s)

    async def send_chunk(self, data: bytes, *, is_final: bool) -> None:
        coded = base64.b64encode(data).decode()
        await self.send("audio_chunk", {"audio_chunk": coded, "format": "opus", "is_final": is_final})

    async def wait_until(self, instant_s: float) -> None:
        await asyncio.sleep(max(0.0, instant_s - perf_counter()))

    async def close(self) -> None:
        await self._socket.close()

    async def wait_closed(self) -> None:
        await self._socket.wait_closed()


@dataclass(frozen=True, slots=True)
class EncodedPiece:
    """A part of a reply as Ogg Opus. end_s: end of its audio within the reply."""

    data: bytes
    end_s: float
    is_last: bool


def encoded(sound: Clip, piece_s: float = _PIECE_S) -> Iterator[EncodedPiece]:
    """Yield the reply in pieces, each encoded on demand."""
    writer, parts = OggOpusWriter(sound.rate_hz), pieces(sound, piece_s)
    for number, part in enumerate(parts, start=1):
        is_last = number == len(parts)
        yield EncodedPiece(writer.feed(part) + (writer.close() if is_last else b""), number * piece_s, is_last)


def pieces(sound: Clip, piece_s: float = _PIECE_S) -> list[Clip]:
    """Split a reply into pieces; at least one."""
    size = max(1, round(piece_s * sound.rate_hz))
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
