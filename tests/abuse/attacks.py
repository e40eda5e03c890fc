"""Hostile clients, each kind as a coroutine that runs until it is cancelled.

All clients have the address ATTACKER, as reported by a proxy, so that the limits per client apply.
"""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from functools import cache
from typing import Any

import av
import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.abuse.frames import FIN, frame
from tests.abuse.handshakes import HEADERS, request

ATTACKER = {"X-Forwarded-For": "192.0.2.66"}
_ORIGIN = "http://localhost:3000"
_AT_ONCE = 16
"""Number of its connections that work concurrently."""
_MOST = 700
"""More connections than a server accepts by default, of all kinds together."""
_PAUSE_S = 0.05
_REFUSED = (OSError, WebSocketException, httpx.HTTPError, asyncio.IncompleteReadError)
"""The errors of a client that is refused."""

Attack = Callable[[int], Coroutine[Any, Any, None]]


def event(name: str, **data: Any) -> str:
    """A frame of the protocol."""
    return json.dumps({"event": name, "data": data})


async def lists(port: int) -> None:
    """Send frames of almost 10 MB with millions of invalid items, and of almost 64 KiB, which are parsed."""
    frames = ['{"event":"init","data":{"events":[' + "0," * count + "0]}}" for count in (4_990_000, 32_000)]

    async def send(number: int) -> None:
        async with _socket(port) as socket:
            for frame in itertools.islice(itertools.cycle(frames), number % 2, 20):
                await socket.send(frame)
                await socket.recv()

    await _at_once(send)


async def bodies(port: int) -> None:
    """Send JSON bodies that are too large, of maximum size, invalid in all fields, or deeply nested."""
    many = "{" + ",".join(f'"{number:x}":0' for number in range(900_000)) + "}"
    items = '{"name":"x","texts":[' + "0," * 30_000 + "0]}"
    bodies = [many, many[:60_000].rpartition(",")[0] + "}", items, "[" * 65_000]
    paths = ["/v1/audio/speech", "/api/voice/command", "/app/api/recordings"]

    async def send(number: int) -> None:
        async with _http(port) as http:
            for path, body in itertools.product(paths, bodies):
                await http.post(path, content=body, headers={"Content-Type": "application/json"})

    await _at_once(send)


async def trickles(port: int) -> None:
    """Upload one byte per second on as many connections as the server accepts."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in ATTACKER.items())
    kind = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000000\r\n"
    head = f"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\n{fields}{kind}\r\n--x\r\n".encode()

    async def hold(_: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(head)
            while not writer.is_closing():
                await asyncio.sleep(1)
                writer.write(b"-")
        finally:
            writer.close()

    await _at_once(hold, _MOST)


async def connections(port: int) -> None:
    """Keep idle WebSockets and silent connections open, and reopen closed ones."""

    async def hold(number: int) -> None:
        if number % 2:
            async with _socket(port) as socket:
                await socket.wait_closed()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.read()
            writer.close()

    await _at_once(hold, _MOST)


async def interrupts(port: int) -> None:
    """Send chunks that queue behind a turn, with interrupts between them, at full speed."""
    chunk, stop = event("audio_chunk", audio_chunk="", is_final=False), event("interrupt", turn_id="another")

    async def flood(_: int) -> None:
        async with _socket(port) as socket:
            reading = asyncio.create_task(_drain(socket))
            await socket.send(event("init", paced=True))
            await socket.send(event("text", text="go on and on " * 100))
            for _ in range(5_000):
                await socket.send(chunk)
            while not reading.done():
                await socket.send(stop)

    await _at_once(flood)


async def abandoned(port: int) -> None:
    """Request work and disconnect before the answer."""
    speech = {"model": "tts-1", "input": "Good morning. " * 200}
    wav = _wav(60.0)

    async def ask(number: int) -> None:
        async with _http(port, timeout=0.2) as http:
            if number % 2:
                await http.post("/v1/audio/speech", json=speech)
            else:
                await http.post("/v1/audio/transcriptions", data={"model": "fake"}, files={"file": ("a.wav", wav)})

    await _at_once(ask)


async def playlists(port: int) -> None:
    """Upload files that refer to audio elsewhere instead of containing it."""
    texts = [
        "ffconcat version 1.0\nfile /etc/hostname\n",
        "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 0 RTP/AVP 0\n",
    ]

    async def send(number: int) -> None:
        await _upload(port, texts[number % len(texts)].encode())

    await _at_once(send)


async def bombs(port: int) -> None:
    """Upload small FLAC files that decode to millions of samples in eight channels."""

    async def send(_: int) -> None:
        await _upload(port, _flac_bomb())

    await _at_once(send)


async def decoders(port: int) -> None:
    """Start turns with some audio and never end them, so that each keeps a recognizer stream."""
    chunk = event("audio_chunk", audio_chunk=base64.b64encode(bytes(640)).decode(), format="pcm16", is_final=False)

    async def hold(_: int) -> None:
        async with _socket(port) as socket:
            await socket.send(chunk)
            await asyncio.sleep(2)

    await _at_once(hold)


async def sessions(port: int) -> None:
    """Grow a session, and read it completely between the turns."""
    async with _http(port, timeout=60) as http:
        session_id: str | None = None

        async def grow(number: int) -> None:
            nonlocal session_id
            command = {"command": "price of apple " * 120, "session_id": session_id}
            answer = await http.post("/api/voice/command", json=command)
            session_id = answer.json().get("session_id", session_id) if answer.is_success else session_id
            if session_id and number % 4 == 0:
                await http.get(f"/api/conversation-sessions/sessions/{session_id}")

        await _at_once(grow)


async def takes(port: int) -> None:
    """Record takes until the user's limits on sets, takes and disk usage are reached."""
    wav = _wav(2.0)
    form = {"prompt_id": "prompt_001", "speaker": "s", "consent": "true"}

    async def record(number: int) -> None:
        async with _http(port, timeout=60) as http:
            name = f"set-{number % 200}"
            await http.post("/app/api/recordings", json={"name": name, "texts": ["word " * 100] * 90})
            await http.post(f"/app/api/recordings/{name}/takes", data=form, files={"audio": ("a.wav", wav)})
            await http.get("/app/api/recordings")

    await _at_once(record)


async def leavers(port: int) -> None:
    """Disconnect during uploads and handshakes."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in ATTACKER.items())
    kind = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000\r\n"
    upload = f"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\n{fields}{kind}\r\n--x\r\n"
    handshake = f"GET /ws/voice/simple HTTP/1.1\r\nHost: localhost\r\n{fields}Upgrade: websocket\r\n"

    async def leave(number: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write((upload if number % 2 else handshake).encode())
        await asyncio.sleep(_PAUSE_S)
        writer.close()

    await _at_once(leave)


async def unread(port: int) -> None:
    """Request long replies and never read them."""

    async def ask(_: int) -> None:
        async with _socket(port) as socket:
            socket.transport.pause_reading()
            for _ in range(50):
                await socket.send(event("text", text="Go on and on. " * 100))
            await asyncio.sleep(15)

    await _at_once(ask)


async def pings(port: int) -> None:
    """Send control frames and fragments, of which no message comes."""
    floods = [frame(b"", opcode, bits=bits) * 2000 for opcode, bits in ((9, FIN), (10, FIN), (0, 0))]

    async def flood(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(headers=[*HEADERS, *ATTACKER.items()]))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frame(b"{", bits=0))
        for data in itertools.islice(itertools.cycle(floods), number % 3, 500):
            writer.write(data)
            await writer.drain()
        writer.close()

    await _at_once(flood)


async def chunks(port: int) -> None:
    """Send an upload in chunks of one byte."""
    piece = b"1\r\nx\r\n" * 1000

    async def send(_number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = [
            "POST /v1/audio/transcriptions HTTP/1.1", f"Host: 127.0.0.1:{port}", "Transfer-Encoding: chunked",
            "Content-Type: multipart/form-data; boundary=x", *(f"{name}: {value}" for name, value in ATTACKER.items()),
        ]  # fmt: skip
        writer.write("\r\n".join([*head, "", ""]).encode())
        for _ in range(300):
            writer.write(piece)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await reader.readline()
        writer.close()

    await _at_once(send)


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        *(lists, bodies, trickles, connections, interrupts, abandoned),
        *(playlists, bombs, decoders, sessions, takes, leavers, unread, pings, chunks),
    )
}


async def _at_once(act: Callable[[int], Awaitable[None]], count: int = _AT_ONCE) -> None:
    """Repeat an action in this many concurrent tasks; refused clients try again."""

    async def again(number: int) -> None:
        for turn in itertools.count(number):
            with suppress(*_REFUSED):
                await act(turn)
                continue
            await asyncio.sleep(_PAUSE_S)

    async with AsyncExitStack() as stack:
        tasks = [asyncio.create_task(again(number)) for number in range(count)]
        stack.callback(lambda: [task.cancel() for task in tasks])
        await asyncio.gather(*tasks)


async def _drain(socket: ClientConnection) -> None:
    with suppress(*_REFUSED):
        while True:
            await socket.recv()


async def _upload(port: int, data: bytes) -> None:
    async with _http(port, timeout=60) as http:
        await http.post("/v1/audio/transcriptions", data={"model": "fake"}, files={"file": ("a", data)})


def _http(port: int, timeout: float = 10) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=ATTACKER, timeout=timeout, trust_env=False)


def _socket(port: int) -> connect:
    address = f"ws://127.0.0.1:{port}/ws/voice/simple"
    return connect(address, origin=_ORIGIN, additional_headers=ATTACKER, max_size=None, proxy=None)  # type: ignore[arg-type]


def _wav(duration_s: float) -> bytes:
    return _encoded("wav", "pcm_s16le", 16_000, 1, duration_s)


@cache
def _flac_bomb() -> bytes:
    return _encoded("flac", "flac", 655_350, 8, 60.0)


def _encoded(form: str, codec: str, rate_hz: int, channels: int, duration_s: float) -> bytes:
    """Silence."""
    layout = {1: "mono", 8: "7.1"}[channels]
    sink, block = io.BytesIO(), 65_535
    with av.open(sink, "w", format=form) as out:
        stream = out.add_stream(codec, rate=rate_hz, layout=layout)
        for _ in range(round(duration_s * rate_hz / block)):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, block * channels), "<i2"), format="s16", layout=layout)
            frame.sample_rate = rate_hz
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return sink.getvalue()
