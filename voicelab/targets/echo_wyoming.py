"""The echo agent as a Wyoming pipeline over TCP."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import suppress
from time import perf_counter

from voicelab.errors import ConnectionLostError
from voicelab.targets.echo_agent import REPLY_RATE_HZ, CallerTurn, EchoServer, pieces
from voicelab.targets.streaming.sound import samples_clip
from voicelab.targets.streaming.transport import LARGEST_MESSAGE_BYTES
from voicelab.targets.wyoming import WyomingConnection, decode_event, encode_event

_FORM = {"rate": REPLY_RATE_HZ, "width": 2, "channels": 1}


class EchoWyoming(EchoServer):
    """Repeats the caller's audio a fixed time after the caller stopped, when the client has ended the turn."""

    def start(self, host: str, port: int) -> Awaitable[asyncio.Server]:
        return asyncio.start_server(self._converse, host, port, limit=LARGEST_MESSAGE_BYTES)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection, turn = WyomingConnection(reader, writer, "the caller"), CallerTurn()
        with suppress(ConnectionLostError):
            while True:
                event = await connection.receive()
                assert isinstance(event, bytes)
                name, data, payload = decode_event(event)
                if name == "audio-chunk":
                    turn.take(samples_clip(payload, data["rate"], data["channels"]), perf_counter())
                elif name == "audio-stop":
                    await self.wait(turn)
                    for event in self._reply(turn):
                        await connection.send(event)
                    turn = CallerTurn()
        writer.close()

    def _reply(self, turn: CallerTurn) -> Iterator[bytes]:
        yield encode_event("audio-start", _FORM)
        for piece in pieces(self.sound(turn, REPLY_RATE_HZ)):
            yield encode_event("audio-chunk", _FORM, piece.to_pcm16())
        yield encode_event("audio-stop")
