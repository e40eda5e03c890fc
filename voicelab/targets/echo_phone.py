"""The echo agent as a phone agent: it answers a call in the dialect of one phone company."""

import asyncio
import base64
import json
from collections.abc import Awaitable
from contextlib import suppress
from time import perf_counter

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from voicelab.audio.clip import Clip
from voicelab.targets.echo_agent import CallerTurn, EchoServer, EchoSettings, pieces
from voicelab.targets.phone_dialects import phone_dialects
from voicelab.targets.streaming.events import Frame
from voicelab.targets.streaming.sound import SoundDecoder, SoundEncoder


class EchoPhone(EchoServer):
    """Repeats the caller's audio a fixed time after the caller stopped.

    A phone line carries sound all the time, so a pause longer than the delay ends the caller's turn. If the caller
    speaks over a reply, the rest of the reply is dropped. dialect: a key of `phone_dialects`, in its usual encoding.
    """

    def __init__(self, dialect: str, settings: EchoSettings | None = None) -> None:
        super().__init__(settings)
        self._dialect = phone_dialects()[dialect]

    def start(self, host: str, port: int) -> Awaitable[Server]:
        return serve(self._answer, host, port, compression=None)

    async def _answer(self, socket: ServerConnection) -> None:
        turn, plays_until_s = CallerTurn(), 0.0
        decoder, encoder = SoundDecoder(self._dialect.sound.form), SoundEncoder(self._dialect.sound.form)
        with suppress(ConnectionClosed):
            while True:
                frame = await self._frame_or_due(socket, turn)
                now_s = perf_counter()
                if frame is not None and (sound := self._sound(frame)):
                    if turn.began_s is None:
                        turn.parts.clear()  # silence between turns
                    turn.take(decoder.decode(sound), now_s)
                left_s = self.left_s(turn)
                if left_s is None:
                    continue
                if now_s < plays_until_s:
                    await socket.send(json.dumps({self._dialect.kind: self._dialect.clears}))
                    plays_until_s = now_s
                if left_s == 0:
                    reply = self.sound(turn, self._dialect.sound.form.rate_hz)
                    await self._play(socket, reply, encoder)
                    turn, plays_until_s = CallerTurn(), now_s + reply.duration_s

    async def _frame_or_due(self, socket: ServerConnection, turn: CallerTurn) -> Frame | None:
        """Return the next message; None if the reply is due before it arrives."""
        try:
            async with asyncio.timeout(self.left_s(turn)):
                return await socket.recv()
        except TimeoutError:
            return None

    def _sound(self, frame: Frame) -> bytes:
        """Return the caller's audio in a message; empty if it has none."""
        if isinstance(frame, bytes):
            return frame
        message = json.loads(frame)
        return base64.b64decode(message["media"]["payload"]) if message.get("event") == "media" else b""

    async def _play(self, socket: ServerConnection, reply: Clip, encoder: SoundEncoder) -> None:
        for piece in pieces(reply):
            sound = encoder.encode(piece)
            if self._dialect.plays is None:
                await socket.send(sound)
            else:
                media = {"payload": base64.b64encode(sound).decode()}
                await socket.send(json.dumps({self._dialect.kind: self._dialect.plays, "media": media}))
