"""The echo agent as a Wyoming pipeline over TCP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from time import perf_counter

from voicelab.audio.clip import Clip
from voicelab.errors import ConnectionLostError
from voicelab.targets.echo_agent import REPLY_RATE_HZ, CallerTurn, EchoSettings, listening, with_silence
from voicelab.targets.streaming.sound import samples_clip
from voicelab.targets.streaming.transport import LARGEST_MESSAGE_BYTES
from voicelab.targets.wyoming import WyomingConnection, decode_event, encode_event

_PIECE_S = 0.2
_FORM = {"rate": REPLY_RATE_HZ, "width": 2, "channels": 1}


class EchoWyoming:
    """Repeats the caller's audio a fixed time after the caller stopped, when the client has ended the turn."""

    def __init__(self, settings: EchoSettings | None = None) -> None:
        self._settings = settings or EchoSettings()

    @asynccontextmanager
    async def serving(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
        """Serve during the block, and yield the port; port 0 chooses a free one. Raises InputError."""
        starting = asyncio.start_server(self._converse, host, port, limit=LARGEST_MESSAGE_BYTES)
        async with listening(starting, host, port) as chosen:
            yield chosen

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
                    due_s = (turn.ended_s or perf_counter()) + self._settings.delay_s
                    await asyncio.sleep(max(0.0, due_s - perf_counter()))
                    for event in self._reply(turn):
                        await connection.send(event)
                    turn = CallerTurn()
        writer.close()

    def _reply(self, turn: CallerTurn) -> Iterator[bytes]:
        said = self._settings.reply or turn.speech()
        reply = with_silence(said, self._settings.leading_silence_s, REPLY_RATE_HZ)
        size = round(_PIECE_S * reply.rate_hz)
        yield encode_event("audio-start", _FORM)
        for start in range(0, len(reply.samples), size):
            piece = Clip(reply.samples[start : start + size], reply.rate_hz)
            yield encode_event("audio-chunk", _FORM, piece.to_pcm16())
        yield encode_event("audio-stop")
