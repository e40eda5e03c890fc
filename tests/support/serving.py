"""Servers and clients for the server's tests."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from server.app import create_app
from server.running import Server, server_config
from server.services import Services
from server.settings import Settings
from voicelab.audio.clip import Clip
from voicelab.paths import PROJECT

ORIGIN = "http://localhost:3000"
PATIENCE_S = 30.0
FAKES = {
    "asr": "fake:text=you spoke {duration_s} seconds",
    "agent": "fake:text=Turn {turn}. {heard}.",
    "tts": "fake",
}

TONE = Clip((0.3 * np.sin(np.arange(16_000) * 0.17)).astype(np.float32), 16_000)
"""One second of audio that the fake recognizer treats as speech."""


@dataclass(frozen=True)
class Served:
    """A running server."""

    port: int
    database: Path
    services: Services | None = None
    server: Server | None = None
    pid: int | None = None

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/voice/simple"

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """The stored history, read directly from disk."""
        connection = sqlite3.connect(self.database)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query, values)]
        finally:
            connection.close()

    def turns(self, session_id: str) -> list[dict[str, Any]]:
        return self.rows("SELECT * FROM turns WHERE session_id = ? ORDER BY number", session_id)


def free_socket(port: int = 0) -> socket.socket:
    """A listening socket on a free port, or on a given port that was free before."""
    return socket.create_server(("127.0.0.1", port))


class _Announcing(Server):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.settled.set()


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Served]:
    """Run the real server in a thread of this process, with fake engines by default."""
    database = folder / "history.sqlite3"
    chosen = Settings.read(**{**FAKES, "database_url": f"sqlite:///{database}", **settings})
    app = create_app(chosen)
    server = _Announcing(server_config(app, chosen, None))
    with free_socket() as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            assert server.settled.wait(PATIENCE_S)
            yield Served(port, database, services=app.state.services, server=server)
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


@contextmanager
def spawned(folder: Path, *arguments: str, port: int = 0, **environment: str) -> Iterator[Served]:
    """Run the server as a process, on a socket of this process. port: reuse the port of a stopped server."""
    database = folder / "history.sqlite3"
    with (folder / "server.log").open("ab") as log:
        # Only the server holds the socket, so clients cannot connect after it is killed.
        with free_socket(port) as listener:
            descriptor, port = listener.fileno(), listener.getsockname()[1]
            process = subprocess.Popen(
                [sys.executable, "-m", "server", "--fd", str(descriptor), *arguments],
                cwd=PROJECT,
                env={**os.environ, "DATABASE_URL": f"sqlite:///{database}", **environment},
                pass_fds=[descriptor],
                stdout=log,
                stderr=log,
            )
        try:
            yield Served(port, database, pid=process.pid)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def run_server(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a server that exits by itself."""
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments],
        cwd=PROJECT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def children_of(pid: int) -> list[int]:
    """The child processes of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    """Whether a process is running; a zombie is not."""
    return state_of(pid) not in (None, "Z")


def state_of(pid: int) -> str | None:
    """A process's state as in /proc: R, S, T (stopped), Z (zombie); None if it does not exist."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


@dataclass
class Answer:
    """All messages of a turn, in order."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    def all(self, name: str) -> list[dict[str, Any]]:
        return [data for event, data in self.events if event == name]

    def one(self, name: str) -> dict[str, Any]:
        (data,) = self.all(name)
        return data

    @property
    def chunks(self) -> list[bytes]:
        return [base64.b64decode(data["audio_chunk"]) for data in self.all("audio_chunk")]

    @property
    def audio(self) -> bytes:
        return b"".join(self.chunks)


class Talker:
    """A minimal protocol client."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, event: str, **data: Any) -> None:
        await self.socket.send(json.dumps({"event": event, "data": data}))

    async def receive(self) -> tuple[str, dict[str, Any]]:
        async with asyncio.timeout(PATIENCE_S):
            message = json.loads(await self.socket.recv())
        assert set(message) == {"event", "data"}
        return message["event"], message["data"]

    async def expect(self, event: str) -> dict[str, Any]:
        name, data = await self.receive()
        assert name == event, (name, data)
        return data

    async def refusal(self, code: str) -> str:
        """The message of an error with this code."""
        data = await self.expect("error")
        assert data["code"] == code, data
        return str(data["message"])

    async def init(self, **data: Any) -> dict[str, Any]:
        await self.send("init", **data)
        return await self.expect("session_start")

    async def say(self, chunks: Sequence[bytes], **fields: Any) -> None:
        """Send a turn in these chunks."""
        for number, chunk in enumerate(chunks, start=1):
            fields = {"format": "opus", "is_final": number == len(chunks), **fields}
            fields["is_final"] = number == len(chunks)
            await self.send("audio_chunk", audio_chunk=base64.b64encode(chunk).decode(), **fields)

    async def begin_speaking(self) -> None:
        """Send the first chunk of a turn, and wait until it was read."""
        await self.send("audio_chunk", audio_chunk="AAAA" * 800, format="pcm16", is_final=False)
        await self.send("heartbeat")
        await self.expect("heartbeat")

    async def stream(self, pieces: Sequence[Clip], *, is_final: bool = False, pace: float = 0.0) -> None:
        """Send clips as raw samples. pace: seconds to wait per second of audio."""
        for number, piece in enumerate(pieces, start=1):
            text = base64.b64encode(piece.to_pcm16()).decode()
            last = is_final and number == len(pieces)
            await self.send("audio_chunk", audio_chunk=text, format="pcm16", is_final=last)
            await asyncio.sleep(pace * piece.duration_s)

    async def answer(self) -> Answer:
        """Read all messages up to the final chunk or an error."""
        answer = Answer()
        while True:
            name, data = await self.receive()
            answer.events.append((name, data))
            if name == "error" or (name == "audio_chunk" and data["is_final"]):
                return answer

    async def read_to(self, event: str) -> Answer:
        """Read all messages up to this one."""
        answer = Answer()
        while not answer.events or answer.events[-1][0] != event:
            answer.events.append(await self.receive())
        return answer

    async def works(self) -> None:
        """Check that the next turn is answered normally."""
        await self.say([TONE.to_pcm16()], format="pcm16")
        assert [name for name in (await self.answer()).names if name != "audio_chunk"] == [
            "transcription",
            "agent_response",
        ]

    async def works_after_init(self) -> None:
        """Check that a session starts and its first turn is answered."""
        await self.init()
        await self.works()


class talking:  # noqa: N801 - reads as a verb: `async with talking(server) as talker`
    """Connect, by default with the origin of the default settings."""

    def __init__(self, served: Served, *, query: str = "", origin: str | None = ORIGIN) -> None:
        self._connecting = connect(
            served.socket + query,
            origin=origin,
            max_size=None,
            proxy=None,
            open_timeout=PATIENCE_S,  # type: ignore[arg-type]
        )

    async def __aenter__(self) -> Talker:
        return Talker(await self._connecting.__aenter__())

    async def __aexit__(self, *exception: Any) -> None:
        await self._connecting.__aexit__(*exception)


def container(clip: Clip, form: str, codec: str) -> bytes:
    """A clip as a file's bytes."""
    sink = io.BytesIO()
    with av.open(sink, "w", format=form) as out:
        stream = out.add_stream(codec, rate=48_000, layout="mono")
        pcm = np.frombuffer(clip.at_rate(48_000).to_pcm16(), dtype="<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = 48_000
        # encode brings the frame to the sample format and the frame size that the codec takes.
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return sink.getvalue()


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that another thread or process makes true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
