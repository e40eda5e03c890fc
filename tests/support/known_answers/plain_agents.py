"""The known-answer agent without a WebSocket: Wyoming over TCP, and HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter

from tests.support.known_answers.call import Call, Incoming
from voicelab.audio import codecs, decoding
from voicelab.audio.clip import Clip
from voicelab.errors import ConnectionLostError
from voicelab.targets.streaming.events import Frame
from voicelab.targets.wyoming import WyomingConnection, decode_event, encode_event

_FORM = {"width": 2, "channels": 1}


class WyomingAgentWire:
    """A Wyoming pipeline."""

    rate_hz = 22_050

    def hello(self) -> Sequence[Frame]:
        return ()

    def read(self, message: Frame) -> Incoming:
        assert isinstance(message, bytes)
        name, data, payload = decode_event(message)
        return Incoming(Clip.from_pcm16(payload, data["rate"])) if name == "audio-chunk" else Incoming()

    def texts(self, heard: str, answer: str) -> Sequence[Frame]:
        started = encode_event("audio-start", {"rate": self.rate_hz, **_FORM})
        return [
            encode_event("transcript-chunk", {"text": heard[:5]}),
            encode_event("transcript", {"text": heard}),
            encode_event("handled", {"text": answer}),
            started,
        ]

    def pieces(self, clips: Sequence[Clip]) -> Sequence[Frame]:
        form = {"rate": self.rate_hz, **_FORM}
        return [encode_event("audio-chunk", form, clip.to_pcm16()) for clip in clips]

    def end(self) -> Sequence[Frame]:
        return [encode_event("audio-stop")]

    def interrupted(self) -> Sequence[Frame]:
        return ()


class HTTPAgentWire(WyomingAgentWire):
    """The reply as one WAV file, with the response headers."""

    rate_hz = 24_000

    def texts(self, heard: str, answer: str) -> Sequence[Frame]:
        return ()

    def pieces(self, clips: Sequence[Clip]) -> Sequence[Frame]:
        body = codecs.encode_wav(Clip.join(clips))
        head = f"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        size = -(-len(body) // len(clips))
        parts = [body[start : start + size] for start in range(0, len(body), size)]
        return [head + parts[0], *parts[1:], *([b""] * (len(clips) - len(parts)))]

    def end(self) -> Sequence[Frame]:
        return ()


async def talk_wyoming(call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection."""
    connection = WyomingConnection(reader, writer, "the caller")
    with suppress(ConnectionLostError):
        while True:
            clip = call.prepared.wire.read(await connection.receive()).clip
            if clip is not None:
                call.take(clip, perf_counter())


async def answer_http(call: Call, reader: asyncio.StreamReader) -> None:
    """Answer one POST whose body is a WAV file."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    (size,) = [int(line.partition(":")[2]) for line in head.split("\r\n") if line.startswith("content-length:")]
    wav = await reader.readexactly(size)
    arrived_s = perf_counter()
    call.take(decoding.decode(wav), arrived_s)
    await call.answered()
