"""Runs engines beside the event loop: in worker processes (engines that hold the GIL or may crash) or in threads.

An engine is written as plain blocking calls. A Host gives it lanes, each of which does one call after another; a
stream stays on its lane. A worker process that dies fails what was on it and is replaced at once.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import pickle
import socket
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import Any, Protocol, Self

from voicelab.engines import Blueprint, EngineInfo
from voicelab.errors import EngineError
from voicelab.worker import LENGTH, Answer, EngineServant, Request

_LOAD_LIMIT_S = 300.0


class _Lane(Protocol):
    """One engine, doing one call after another."""

    open_streams: int

    @property
    def queued(self) -> int: ...
    @property
    def is_ready(self) -> bool: ...
    async def start(self) -> EngineInfo: ...
    async def call(self, stream_id: int | None, method: str, *arguments: Any) -> tuple[Any, float]: ...
    async def post(self, stream_id: int, method: str, *arguments: Any) -> None: ...
    async def close(self) -> None: ...


class _ThreadLane:
    is_ready = True

    def __init__(self, blueprint: Blueprint) -> None:
        self.open_streams = 0
        self.queued = 0
        self._servant = EngineServant(blueprint)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{blueprint.kind}-{blueprint.name}")

    async def start(self) -> EngineInfo:
        info: EngineInfo = (await self.call(None, "load"))[0]
        return info

    async def call(self, stream_id: int | None, method: str, *arguments: Any) -> tuple[Any, float]:
        request = Request(0, stream_id, method, arguments)
        self.queued += 1
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._thread, self._servant.serve, request)
        finally:
            self.queued -= 1
        assert answer is not None
        if answer.error is not None:
            raise answer.error
        return answer.result, answer.busy_s

    async def post(self, stream_id: int, method: str, *arguments: Any) -> None:
        self._thread.submit(self._servant.serve, Request(None, stream_id, method, arguments))

    async def close(self) -> None:
        await asyncio.to_thread(self._thread.shutdown)


class _ProcessLane:
    def __init__(self, blueprint: Blueprint) -> None:
        self.open_streams = 0
        self._blueprint = blueprint
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._call_ids = itertools.count(1)
        self._known_streams: set[int] = set()
        self._running: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[EngineInfo] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._closing = False
        self.restarts = 0

    @property
    def queued(self) -> int:
        return len(self._waiting)

    @property
    def is_ready(self) -> bool:
        ready = self._ready
        return ready is not None and ready.done() and not ready.cancelled() and ready.exception() is None

    async def start(self) -> EngineInfo:
        self._ready = asyncio.get_running_loop().create_future()
        self._running = asyncio.create_task(self._keep_alive())
        return await asyncio.shield(self._ready)

    async def _keep_alive(self) -> None:
        """Run the worker; when it dies, start another. One that cannot load is not tried again."""
        while await self._run_once() and not self._closing:
            self.restarts += 1

    async def _run_once(self) -> bool:
        """Start a worker and read its answers until it ends; whether it had loaded."""
        ours, theirs = socket.socketpair()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicelab.worker", str(theirs.fileno())),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
        )
        theirs.close()
        reader, self._writer = await asyncio.open_connection(sock=ours)
        reading = asyncio.create_task(self._read(reader))
        self._known_streams.clear()
        loaded = not self._closing and await self._load()
        if loaded:
            await reading
        self._writer.close()
        self._terminate()
        await asyncio.gather(self._process.wait(), reading)
        return loaded

    def _terminate(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    async def _load(self) -> bool:
        assert self._ready is not None
        try:
            self._write(pickle.dumps(self._blueprint))
            async with asyncio.timeout(_LOAD_LIMIT_S):
                info, _ = await self._call(None, "load")
        except TimeoutError:
            fault = EngineError(self._blueprint.name, f"not loaded after {_LOAD_LIMIT_S:g} s")
        except EngineError as error:
            fault = error
        else:
            self._ready.set_result(info)
            return True
        if self._ready.done():
            return False
        self._ready.set_exception(fault)
        self._ready.exception()  # read once here, so that one that nobody awaits makes no noise
        return False

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                answer: Answer = pickle.loads(await reader.readexactly(size))
                waiting = self._waiting.pop(answer.call_id, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            fault = "its worker process ended in the middle of its work"
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            fault = f"its worker process answered what cannot be read: {error}"
        self._lose(fault)

    def _lose(self, fault: str) -> None:
        """The worker is gone: who waits fails, and who comes next waits for the one that replaces it."""
        assert self._ready is not None
        if self._ready.done() and not self._closing:
            self._ready = asyncio.get_running_loop().create_future()
        error = EngineError(self._blueprint.name, fault)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(error)
        self._waiting.clear()

    def _write(self, data: bytes) -> None:
        assert self._writer is not None
        self._writer.write(LENGTH.pack(len(data)) + data)

    async def _send(self, request: Request) -> None:
        assert self._writer is not None
        try:
            self._write(pickle.dumps(request))
            await self._writer.drain()
        except ConnectionError as error:
            self._lose("its worker process ended")
            raise EngineError(self._blueprint.name, "its worker process ended") from error

    async def _call(self, stream_id: int | None, method: str, *arguments: Any) -> tuple[Any, float]:
        call_id = next(self._call_ids)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = waiting
        try:
            await self._send(Request(call_id, stream_id, method, arguments))
            answer = await waiting
        finally:
            self._waiting.pop(call_id, None)
        if answer.error is not None:
            raise answer.error
        return answer.result, answer.busy_s

    def _check_stream(self, stream_id: int, method: str) -> None:
        """A stream that began in a worker that died since must not go on, half heard, in the next one."""
        if method == "open":
            self._known_streams.add(stream_id)
        elif stream_id not in self._known_streams:
            raise EngineError(self._blueprint.name, "its worker process ended in the middle of this utterance")

    async def call(self, stream_id: int | None, method: str, *arguments: Any) -> tuple[Any, float]:
        await self._until_ready()
        if stream_id is not None:
            self._check_stream(stream_id, method)
        return await self._call(stream_id, method, *arguments)

    async def post(self, stream_id: int, method: str, *arguments: Any) -> None:
        await self._until_ready()
        self._check_stream(stream_id, method)
        await self._send(Request(None, stream_id, method, arguments))

    async def _until_ready(self) -> None:
        assert self._ready is not None
        await asyncio.shield(self._ready)

    async def close(self) -> None:
        """End the worker, also one that is just starting: it is waited for, or nobody would ever end it."""
        self._closing = True
        self._terminate()
        if self._running is not None:
            await self._running


class HostedStream:
    """One utterance in an engine."""

    def __init__(self, lane: _Lane, stream_id: int) -> None:
        self._lane = lane
        self._id = stream_id
        self._open = False
        self._closed = False
        self.busy_s = 0.0

    async def post(self, method: str, *arguments: Any) -> None:
        """Hand work over and go on; its failure comes out at the next `call`."""
        await self._begin()
        await self._lane.post(self._id, method, *arguments)

    async def call(self, method: str, *arguments: Any) -> Any:
        """Hand work over and wait for the result."""
        await self._begin()
        result, self.busy_s = await self._lane.call(self._id, method, *arguments)
        return result

    async def close(self) -> None:
        """Free what the engine holds for it; safe to call twice, and when the worker is gone."""
        if self._closed:
            return
        self._closed = True
        self._lane.open_streams -= 1
        if self._open:
            try:
                await self._lane.post(self._id, "close")
            except EngineError:
                return

    async def _begin(self) -> None:
        if not self._open:
            await self._lane.post(self._id, "open")
            self._open = True


class Host:
    """One engine, loaded on every lane."""

    def __init__(self, blueprint: Blueprint, lanes: int | None = None) -> None:
        self._blueprint = blueprint
        per_core = blueprint.kind == "asr" and blueprint.isolation == "process"
        count = lanes or blueprint.lanes or (available_cores() if per_core else 1)
        kind = _ProcessLane if blueprint.isolation == "process" else _ThreadLane
        self._lanes: Sequence[_Lane] = [kind(blueprint) for _ in range(count)]
        self._stream_ids = itertools.count(1)
        self.info: EngineInfo

    async def open(self) -> Self:
        """Load on every lane, all at once; the first failure is raised with all lanes closed again."""
        start = perf_counter()
        results = await asyncio.gather(*(lane.start() for lane in self._lanes), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            await self.close()
            raise failures[0]
        infos = [result for result in results if isinstance(result, EngineInfo)]
        self.info = replace(infos[0], load_s=perf_counter() - start, lanes=len(self._lanes))
        return self

    def stream(self) -> HostedStream:
        """Begin an utterance on the lane with the fewest open ones."""
        lane = min(self._lanes, key=lambda lane: lane.open_streams)
        lane.open_streams += 1
        return HostedStream(lane, next(self._stream_ids))

    async def call(self, method: str, *arguments: Any) -> Any:
        """One call on the engine itself."""
        result, _ = await self._lanes[0].call(None, method, *arguments)
        return result

    @property
    def restarts(self) -> int:
        """How many worker processes were replaced so far."""
        return sum(lane.restarts for lane in self._lanes if isinstance(lane, _ProcessLane))

    @property
    def queued(self) -> int:
        """How many calls were given to the engine that it has not answered."""
        return sum(lane.queued for lane in self._lanes)

    @property
    def is_ready(self) -> bool:
        """Whether a lane has its engine loaded: a worker process may have died and be loading again."""
        return any(lane.is_ready for lane in self._lanes)

    async def close(self) -> None:
        """End every lane; worker processes are gone when this returns."""
        await asyncio.gather(*(lane.close() for lane in self._lanes))


def available_cores() -> int:
    """The cores this process may run on."""
    return len(os.sched_getaffinity(0))
