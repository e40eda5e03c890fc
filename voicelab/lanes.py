"""One engine in a worker beside the event loop: in a process (engines that hold the GIL or may crash) or in a thread.

A lane does one request after another. What is withdrawn before its turn is never begun; what has begun is let finish,
and its result dropped. A worker that dies, or does not get on for too long, fails what it had and is replaced.
"""

from __future__ import annotations

import asyncio
import itertools
import pickle
import socket
import sys
import threading
from abc import ABC, abstractmethod
from typing import Any

from voicelab.engines import Blueprint, EngineInfo
from voicelab.errors import EngineError
from voicelab.worker import LENGTH, Answer, Desk, EngineServant, Request

_LOAD_LIMIT_S = 300.0
_JOIN_LIMIT_S = 10.0


class Lane(ABC):
    """What both kinds share: who waits for which answer, and whether the worker still gets on.

    limit_s: a worker that has something to do and finishes nothing for so long is taken for hung.
    """

    _noun = "worker"

    def __init__(self, blueprint: Blueprint, limit_s: float) -> None:
        self.open_streams = 0
        self.restarts = 0
        self._blueprint = blueprint
        self._limit_s = limit_s
        self._waiting: dict[int, tuple[int | None, asyncio.Future[Answer]]] = {}
        self._call_ids = itertools.count(1)
        self._known_streams: set[int] = set()
        self._ready: asyncio.Future[EngineInfo] | None = None
        self._alive = False
        self._closing = False
        self._sent = self._done = 0
        self._watch: asyncio.TimerHandle | None = None

    @property
    def queued(self) -> int:
        """How many calls it was given and has not answered."""
        return len(self._waiting)

    @property
    def is_ready(self) -> bool:
        """Whether its engine is loaded now."""
        ready = self._ready
        return ready is not None and ready.done() and not ready.cancelled() and ready.exception() is None

    async def start(self) -> EngineInfo:
        """Load the engine; EngineError when it cannot be."""
        self._ready = asyncio.get_running_loop().create_future()
        self._begin()
        return await asyncio.shield(self._ready)

    async def call(self, stream_id: int | None, method: str, *arguments: Any) -> tuple[Any, float]:
        """The result, and the engine's own time for it. Cancelled, it frees the lane of what had not begun."""
        await self._until_ready()
        if stream_id is not None:
            self._check_stream(stream_id, method)
        return await self._call(stream_id, method, *arguments)

    async def post(self, stream_id: int, method: str, *arguments: Any) -> None:
        """Hand over work that nobody waits for."""
        await self._until_ready()
        self._check_stream(stream_id, method)
        await self._send(Request(None, stream_id, method, arguments))

    def end_stream(self, stream_id: int) -> None:
        """Withdraw what waits for this stream and close it; whoever still waits for it gets an EngineError."""
        for owner, waiting in self._waiting.values():
            if owner == stream_id and not waiting.done():
                waiting.set_exception(EngineError(self._blueprint.name, "the utterance was given up"))
        if stream_id in self._known_streams:
            self._known_streams.remove(stream_id)
            self._hand_over(Request(None, stream_id, "close"))

    @abstractmethod
    async def close(self) -> None:
        """End the worker."""

    # What a kind of worker must say of itself.

    @abstractmethod
    def _begin(self) -> None:
        """Start a worker, and load the engine in it."""

    @abstractmethod
    def _deliver(self, request: Request) -> None:
        """Give it a request, without waiting."""

    @abstractmethod
    async def _taken(self) -> None:
        """Wait while too much lies before it."""

    @abstractmethod
    def _discard(self, fault: str) -> None:
        """Give the worker up, whatever it is doing, and have it replaced."""

    # Who waits for what.

    async def _load(self) -> bool:
        """Whether the engine could be loaded; the answer to `_ready` either way."""
        assert self._ready is not None
        self._known_streams.clear()
        self._sent = self._done = 0
        self._alive = True
        try:
            info, _ = await self._call(None, "load")
        except EngineError as fault:
            if not self._ready.done():
                self._ready.set_exception(fault)
                self._ready.exception()  # read once here, so that one that nobody awaits makes no noise
            return False
        self._ready.set_result(info)
        return True

    async def _until_ready(self) -> None:
        assert self._ready is not None
        await asyncio.shield(self._ready)

    async def _call(self, stream_id: int | None, method: str, *arguments: Any) -> tuple[Any, float]:
        call_id = next(self._call_ids)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = (stream_id, waiting)
        try:
            await self._send(Request(call_id, stream_id, method, arguments))
            answer = await waiting
        except asyncio.CancelledError:
            self._hand_over(Request(None, None, "withdraw", (call_id,)))
            raise
        finally:
            self._waiting.pop(call_id, None)
        if answer.error is not None:
            raise answer.error
        return answer.result, answer.busy_s

    async def _send(self, request: Request) -> None:
        self._hand_over(request)
        await self._taken()

    def _hand_over(self, request: Request) -> None:
        if not self._alive:
            return
        self._deliver(request)
        self._sent += 1
        if self._watch is None:
            self._set_watch()

    def _answered(self, answer: Answer) -> None:
        self._done = answer.done
        self._set_watch()
        _, waiting = self._waiting.get(answer.call_id or 0, (None, None))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def _check_stream(self, stream_id: int, method: str) -> None:
        """A stream that began in a worker that died since must not go on, half heard, in the next one."""
        if method == "open":
            self._known_streams.add(stream_id)
        elif stream_id not in self._known_streams:
            raise EngineError(self._blueprint.name, f"its {self._noun} ended in the middle of this utterance")

    # Whether it still gets on.

    def _set_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._done < self._sent:
            assert self._ready is not None
            limit_s = self._limit_s if self._ready.done() else _LOAD_LIMIT_S
            fault = f"it finished nothing for {limit_s:g} s"
            self._watch = asyncio.get_running_loop().call_later(limit_s, self._discard, fault)

    def _lose(self, fault: str) -> None:
        """The worker is gone: who waits fails, and who comes next waits for the one that replaces it."""
        assert self._ready is not None
        self._alive = False
        self._done = self._sent
        self._set_watch()
        if self._ready.done() and not self._closing:
            self._ready = asyncio.get_running_loop().create_future()
        for _, waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(EngineError(self._blueprint.name, fault))


class ThreadLane(Lane):
    """In a thread of this process. One that hangs cannot be ended, only left behind."""

    def __init__(self, blueprint: Blueprint, limit_s: float) -> None:
        super().__init__(blueprint, limit_s)
        self._thread = _EngineThread(blueprint)
        self._loading: asyncio.Task[bool] | None = None

    def _begin(self) -> None:
        self._thread = thread = _EngineThread(self._blueprint)
        loop = asyncio.get_running_loop()

        def tell(answer: Answer) -> None:
            if thread is self._thread:  # what one that was left behind still says counts no more
                self._answered(answer)

        thread.start(lambda answer: loop.call_soon_threadsafe(tell, answer))
        self._loading = asyncio.create_task(self._load())

    def _deliver(self, request: Request) -> None:
        self._thread.add(request)

    async def _taken(self) -> None:
        return

    def _discard(self, fault: str) -> None:
        self._thread.stop()
        failed_to_load = self._ready is not None and not self._ready.done()
        self._lose(fault)
        if not failed_to_load:
            self.restarts += 1
            self._begin()

    async def close(self) -> None:
        self._closing = True
        self._thread.stop()
        self._lose("it was closed")
        await asyncio.to_thread(self._thread.join, _JOIN_LIMIT_S)
        if self._loading is not None:
            await self._loading


class _EngineThread:
    """Serves the requests of one lane. A daemon, so that one that hangs does not keep the program from ending."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._servant = EngineServant(blueprint)
        self._desk = Desk()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._name = f"{blueprint.kind}-{blueprint.name}"

    def start(self, tell: Any) -> None:
        self._thread = threading.Thread(target=self._serve, args=(tell,), name=self._name, daemon=True)
        self._thread.start()

    def add(self, request: Request) -> None:
        with self._changed:
            self._desk.add(request)
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def join(self, limit_s: float) -> None:
        if self._thread is not None:
            self._thread.join(limit_s)

    def _serve(self, tell: Any) -> None:
        while True:
            with self._changed:
                while not self._stopping and not self._desk.has_news:
                    self._changed.wait()
                if self._stopping:
                    return
                request = self._desk.take()
            answer = self._servant.serve(request) if request is not None else Answer(None)
            with self._changed:
                answer = self._desk.disposed(request, answer)
            try:
                tell(answer)
            except RuntimeError:
                return  # the event loop is closed: nobody listens


class ProcessLane(Lane):
    """In a process of its own, over a socket pair."""

    _noun = "worker process"

    def __init__(self, blueprint: Blueprint, limit_s: float) -> None:
        super().__init__(blueprint, limit_s)
        self._running: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._fault: str | None = None
        self._killed = False

    def _begin(self) -> None:
        self._running = asyncio.create_task(self._keep_alive())

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
        self._fault, self._killed = None, False
        loaded = False
        if not self._closing:
            self._write(self._blueprint)
            loaded = await self._load()
        if loaded:
            await reading
        self._writer.close()
        try:
            # With its socket closed it ends by itself, if it was not killed or has not died.
            await asyncio.wait_for(self._process.wait(), _JOIN_LIMIT_S)
        except TimeoutError:
            self._end_process()
            await self._process.wait()
        await reading
        return loaded

    def _end_process(self) -> None:
        """Kill it, once: it holds nothing that must be put in order, and one that is stopped would not hear less.

        A second signal would make subprocess collect the exit code that asyncio waits for.
        """
        if self._process is not None and self._process.returncode is None and not self._killed:
            self._killed = True
            self._process.kill()

    def _discard(self, fault: str) -> None:
        self._fault = fault
        self._end_process()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                self._answered(pickle.loads(await reader.readexactly(size)))
        except (asyncio.IncompleteReadError, ConnectionError):
            fault = "its worker process ended in the middle of its work"
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            fault = f"its worker process answered what cannot be read: {error}"
        self._lose(self._fault or fault)

    def _write(self, message: Any) -> None:
        assert self._writer is not None
        data = pickle.dumps(message)
        self._writer.write(LENGTH.pack(len(data)) + data)

    def _deliver(self, request: Request) -> None:
        self._write(request)

    async def _taken(self) -> None:
        assert self._writer is not None
        try:
            await self._writer.drain()
        except ConnectionError as error:
            self._lose("its worker process ended")
            raise EngineError(self._blueprint.name, "its worker process ended") from error

    async def close(self) -> None:
        """End the worker, also one that is just starting: it is waited for, or nobody would ever end it."""
        self._closing = True
        self._end_process()
        if self._running is not None:
            await self._running
