"""Runs an engine in a child process, for engines that hold the GIL or may crash."""

import asyncio
import pickle
import socket
from collections.abc import Sequence

from voicelab.engines.pool.children import engine_environment, python_command
from voicelab.engines.pool.messages import LENGTH, Request
from voicelab.engines.pool.worker import JOIN_LIMIT_S, Worker
from voicelab.engines.spec import EngineConfig
from voicelab.errors import EngineError


class ProcessWorker(Worker):
    """A worker that talks to a child process over a socket pair."""

    _noun = "worker process"

    def __init__(self, config: EngineConfig, limit_s: float, threads: int = 1) -> None:
        super().__init__(config, limit_s, threads)
        self._running: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._fault: str | None = None
        self._killed = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def _begin(self) -> None:
        self._running = asyncio.create_task(self._keep_alive())

    async def _keep_alive(self) -> None:
        """Run the child process and restart it when it exits, unless its engine cannot be loaded."""
        try:
            while await self._run_once() and not self._closing:
                self.restarts += 1
        except OSError as error:
            self._fail(EngineError(self._config.name, f"its worker process cannot be started: {error}"))
        # No worker follows: later calls get the error of the last one instead of waiting for a replacement.
        self._closing = True

    async def _run_once(self) -> bool:
        """Start a child process and read its answers until it exits; return whether its engine was loaded."""
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *python_command("voicelab.engines.pool", str(theirs.fileno()), str(self._threads)),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                env=engine_environment(self._config.entry.environment),
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        reader, self._writer = await asyncio.open_connection(sock=ours)
        reading = asyncio.create_task(self._read(reader))
        self._fault, self._killed = None, False
        loaded = False
        if not self._closing:
            self._deliver([self._config])
            loaded = await self._load()
        if loaded:
            await reading
        self._writer.close()
        try:
            # Closing the socket makes the child exit, if it is still running.
            await asyncio.wait_for(self._process.wait(), JOIN_LIMIT_S)
        except TimeoutError:
            self._end_process()
            await self._process.wait()
        await reading
        return loaded

    def _end_process(self) -> None:
        """Kill the child once. It has no state to save, and a stopped process ignores milder signals.

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
            fault = "its worker process ended while it was working"
        except Exception as error:  # noqa: BLE001 - waiting callers must get it
            fault = f"its worker process sent an unreadable answer: {error}"
        self._lose(self._fault or fault)

    def _deliver(self, requests: Sequence[EngineConfig | Request]) -> None:
        assert self._writer is not None
        pickled = map(pickle.dumps, requests)
        self._writer.write(b"".join(LENGTH.pack(len(data)) + data for data in pickled))

    async def _taken(self) -> None:
        assert self._writer is not None
        try:
            await self._writer.drain()
        except ConnectionError as error:
            self._lose("its worker process ended")
            raise EngineError(self._config.name, "its worker process ended") from error

    async def close(self) -> None:
        """Stop the worker. Waits for a child that is still starting, which would otherwise be orphaned."""
        self._closing = True
        self._end_process()
        if self._running is not None:
            await self._running
