"""Runs engines outside the event loop and assigns a worker to every utterance.

Engines are written as blocking calls. An EnginePool has workers that each execute one call at a time, or several where
the engine allows it (`Entry.shared`). A stream stays on its worker.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any, Self

from voicelab.engines.pool.cores import available_cores
from voicelab.engines.pool.process_worker import ProcessWorker
from voicelab.engines.pool.thread_worker import ThreadWorker
from voicelab.engines.pool.worker import Worker
from voicelab.engines.spec import EngineConfig, EngineInfo
from voicelab.errors import EngineBusyError

ENGINE_WAIT_S = 10.0
"""Seconds that a final result waits for an engine at capacity."""
_ASK_AGAIN_S = 0.05
ENGINE_LIMIT_S = 60.0
"""Seconds without a completed request after which a busy worker counts as hung."""


class PooledStream:
    """One utterance in an engine."""

    def __init__(self, worker: Worker, stream_id: int, wait_s: float = ENGINE_WAIT_S) -> None:
        self._wait_s = wait_s
        self._worker = worker
        self._id = stream_id
        self._open = False
        self._closed = False
        self.busy_s = 0.0

    async def post(self, method: str, *arguments: Any) -> None:
        """Queue work without waiting; the next `call` raises its failure."""
        await self._begin()
        await self._worker.post(self._id, method, *arguments)

    async def call(self, method: str, *arguments: Any) -> Any:
        """Queue work and wait for the result. Raises EngineBusyError after wait_s seconds at capacity."""
        await self._begin()
        give_up_s = perf_counter() + self._wait_s
        while True:
            try:
                result, self.busy_s = await self._worker.call(self._id, method, *arguments)
            except EngineBusyError:
                if perf_counter() >= give_up_s:
                    raise
                await asyncio.sleep(_ASK_AGAIN_S)
            else:
                return result

    async def close(self) -> None:
        """Release the engine's state and withdraw pending work; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._worker.open_streams -= 1
        self._worker.end_stream(self._id)

    async def _begin(self) -> None:
        if not self._open:
            await self._worker.post(self._id, "open")
            self._open = True


class EnginePool:
    """One engine, loaded on every worker.

    lanes: number of concurrent calls. limit_s: see ENGINE_LIMIT_S. wait_s: see ENGINE_WAIT_S.
    """

    def __init__(
        self,
        config: EngineConfig,
        lanes: int | None = None,
        *,
        limit_s: float = ENGINE_LIMIT_S,
        wait_s: float = ENGINE_WAIT_S,
    ) -> None:
        self._wait_s = wait_s
        self._config = config
        entry = config.entry
        per_core = config.kind == "asr" and entry.isolation == "process"
        count = lanes or entry.lanes or (available_cores() if per_core else 1)
        kind = ProcessWorker if entry.isolation == "process" else ThreadWorker
        engines, self._threads = (1, count) if entry.shared else (count, 1)
        self._workers: Sequence[Worker] = [kind(config, limit_s, self._threads) for _ in range(engines)]
        self._stream_ids = itertools.count(1)
        self.info: EngineInfo

    async def open(self) -> Self:
        """Load the engine on all workers concurrently; on failure, close them all and raise the first error."""
        start = perf_counter()
        results = await asyncio.gather(*(worker.start() for worker in self._workers), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            await self.close()
            raise failures[0]
        infos = [result for result in results if isinstance(result, EngineInfo)]
        self.info = replace(infos[0], load_s=perf_counter() - start, lanes=len(self._workers) * self._threads)
        return self

    def stream(self) -> PooledStream:
        """Start an utterance on the worker with the fewest open ones, if possible one whose engine is loaded."""
        worker = min(self._workers, key=lambda worker: (not worker.is_ready, worker.open_streams))
        worker.open_streams += 1
        return PooledStream(worker, next(self._stream_ids), self._wait_s)

    async def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of the engine itself.

        The call goes to the worker with the fewest unanswered ones, if possible one whose engine is loaded.
        """
        worker = min(self._workers, key=lambda worker: (not worker.is_ready, worker.queued))
        result, _ = await worker.call(None, method, *arguments)
        return result

    @property
    def pids(self) -> list[int]:
        """Process ids of the current worker processes."""
        return [worker.pid for worker in self._workers if worker.pid is not None]

    @property
    def restarts(self) -> int:
        return sum(worker.restarts for worker in self._workers)

    @property
    def queued(self) -> int:
        return sum(worker.queued for worker in self._workers)

    @property
    def is_ready(self) -> bool:
        """Whether at least one worker has its engine loaded; a restarted worker may still be loading."""
        return any(worker.is_ready for worker in self._workers)

    async def close(self) -> None:
        """Stop every worker; worker processes have exited when this returns."""
        await asyncio.gather(*(worker.close() for worker in self._workers))
