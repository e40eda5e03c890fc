"""Runs an engine in threads of this process."""

import asyncio
from collections.abc import Sequence

from voicelab.engines.pool.messages import Answer, Request
from voicelab.engines.pool.threads import WorkerThreads
from voicelab.engines.pool.transport import QueueTransport
from voicelab.engines.pool.worker import JOIN_LIMIT_S, Worker
from voicelab.engines.spec import EngineConfig


class ThreadWorker(Worker):
    """A worker in threads of this process. A hung thread cannot be stopped, only abandoned."""

    def __init__(self, config: EngineConfig, limit_s: float, threads: int = 1) -> None:
        super().__init__(config, limit_s, threads)
        self._worker_threads: WorkerThreads | None = None
        self._transport = QueueTransport()
        self._loading: asyncio.Task[bool] | None = None

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        transport = QueueTransport()

        def take(answer: Answer) -> None:
            if transport is self._transport:  # ignore answers of an abandoned transport
                self._answered(answer)

        def deliver(answer: Answer) -> None:
            try:
                loop.call_soon_threadsafe(take, answer)
            except RuntimeError:
                transport.close()  # the event loop is closed

        self._transport = transport
        self._worker_threads = WorkerThreads(self._config, self._threads, transport, deliver)
        self._worker_threads.start()
        self._loading = asyncio.create_task(self._load())

    def _deliver(self, requests: Sequence[Request]) -> None:
        self._transport.put(requests)

    def _discard(self, fault: str) -> None:
        self._transport.close()
        failed_to_load = self._ready is not None and not self._ready.done()
        self._lose(fault)
        if not failed_to_load:
            self.restarts += 1
            self._begin()

    async def close(self) -> None:
        self._closing = True
        self._transport.close()
        self._lose("it was closed")
        if self._worker_threads is not None:
            await asyncio.to_thread(self._worker_threads.join, JOIN_LIMIT_S)
        if self._loading is not None:
            await self._loading
