"""Measure what a bare WebSocket server needs to receive the same audio, as a baseline for voicelab's.

`python -m voicelab.analysis.bench.server.bare FD` runs that server on an inherited listening socket: uvicorn with an
application that drops every message and echoes each heartbeat.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import cycle
from time import perf_counter
from typing import Any

import psutil
import uvicorn
import websockets

from voicelab.analysis.bench.server.talker import chunk_frames, open_socket, running, wait_or_raise
from voicelab.audio.opus import FRAME_S
from voicelab.engines.pool.children import python_command, safe_environment

PROBE_EVERY = 10
"""Number of packets per heartbeat."""
HEARTBEAT = '{"event": "heartbeat", "data": {}}'
PAUSE_S = 0.05
"""Pause before a measured message. A processor that has been idle takes longer."""
_WARM_UP_S = 1.0


async def cores_per_session(speech: Sequence[list[bytes]], sessions: int, step_s: float) -> float:
    """Return the cores that a bare server needs per speaking session.

    speech: Opus packets of utterances. sessions: number of concurrent sessions. step_s: duration in seconds.
    """
    frames = [frame for packets in speech for frame in chunk_frames(packets)]
    async with (
        _server() as (address, process),
        running(_speak(address, frames, number / sessions) for number in range(sessions)) as tasks,
    ):
        await wait_or_raise(tasks, _WARM_UP_S)
        before_s, start_s = _cpu_s(process), perf_counter()
        await wait_or_raise(tasks, step_s)
        return (_cpu_s(process) - before_s) / (perf_counter() - start_s) / sessions


async def round_trips_s(count: int) -> list[float]:
    """Return the seconds from sending a message to its answer, with pauses as between the turns of `latency`."""
    taken_s = []
    async with _server() as (address, _), open_socket(address) as connection:
        for _ in range(count):
            await asyncio.sleep(PAUSE_S)
            start = perf_counter()
            await connection.send(HEARTBEAT)
            await connection.recv()
            taken_s.append(perf_counter() - start)
    return taken_s


async def _speak(address: str, frames: Sequence[str], offset: float) -> None:
    """Send frames at a microphone's pace until cancelled. offset: 0..1, phase within a frame."""
    async with open_socket(address) as connection, running([_drop_answers(connection)]):
        due_s = perf_counter() + offset * FRAME_S
        for sent, frame in enumerate(cycle(frames), 1):
            await asyncio.sleep(due_s - perf_counter())
            await connection.send(frame)
            if sent % PROBE_EVERY == 0:
                await connection.send(HEARTBEAT)
            due_s += FRAME_S


async def _drop_answers(connection: websockets.ClientConnection) -> None:
    async for _ in connection:
        continue


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@asynccontextmanager
async def _server() -> AsyncIterator[tuple[str, psutil.Process]]:
    """Run the bare server on a free port during the block. Yields its address and process."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = await asyncio.create_subprocess_exec(
            *python_command(__name__, str(listener.fileno())), pass_fds=[listener.fileno()], env=safe_environment()
        )
    try:
        async with open_socket(address):  # waits in the socket's queue until the server has started
            yield address, psutil.Process(process.pid)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _application(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that accepts WebSockets, drops messages and echoes heartbeats."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        if message.get("text") == HEARTBEAT:
            await send({"type": "websocket.send", "text": HEARTBEAT})


def main() -> None:
    """Serve until killed."""
    config = uvicorn.Config(
        _application, fd=int(sys.argv[1]), lifespan="off", log_level="warning",
        ws="websockets-sansio", ws_per_message_deflate=False,
    )  # fmt: skip
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
