"""Threads for blocking work beside an event loop, behind a bounded queue."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import thread_time
from typing import Any, ParamSpec, TypeVar

from voicelab.engines.pool.clients import current_client
from voicelab.engines.pool.cores import available_cores, lower_thread_priority
from voicelab.engines.pool.fair_queue import FairQueue
from voicelab.errors import BusyError

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")
_Parameters = ParamSpec("_Parameters")

DEFAULT_QUEUE = 64
"""Maximum number of jobs that wait for a thread of one pool."""
Account = Callable[[float, str | None], None]
"""Takes the processor time of a job in seconds, and its client."""
_IDLE_S = 30.0
"""Seconds after which an idle thread ends."""


@dataclass(frozen=True, slots=True)
class _Job:
    client: str | None
    future: Future[Any]
    call: Callable[[], Any]


class WorkPool(Executor):
    """A bounded thread pool that can serve as executor for `run_in_executor`.

    The threads are daemons, so a job that hangs cannot keep the program from ending. Clients (see `client_scope`) are
    served in turn. One client gets all threads but one and half of the queue, so that the rest is left for others.

    name: the pool's task, for thread names, metrics and messages. threads: number of concurrent jobs; None is one per
    core, at least two. queue: number of jobs that may wait. in_background: the threads have a lower priority. account:
    called in the event loop with the processor time of each client's job; jobs must then come from a loop.
    """

    def __init__(
        self, name: str, threads: int | None = None, queue: int = DEFAULT_QUEUE, *, in_background: bool = True
    ) -> None:
        self.name = name
        self.account: Account | None = None
        self._in_background = in_background
        self.refused = 0
        self._most_threads = threads or max(2, available_cores())
        self._queue = queue
        self._most_for_one = max(1, self._most_threads - 1)
        self._jobs: FairQueue[Future[Any], _Job] = FairQueue()
        self._running: Counter[str | None] = Counter()
        self._unfinished: Counter[str | None] = Counter()
        self._threads = self._idle = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def unfinished(self) -> int:
        """Number of running and waiting jobs. An abandoned job counts until it ends."""
        return self._unfinished.total()

    async def run(
        self, function: Callable[_Parameters, _Result], *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> _Result:
        """Call the function in a thread and wait for its result.

        Cancelling the caller removes a waiting job from the queue. Raises BusyError at once when the queue is full.
        """
        return await asyncio.wrap_future(self.submit(function, *args, **kwargs))

    async def run_within(self, wait_s: float, function: Callable[[_Argument], _Result], argument: _Argument) -> _Result:
        """Like `run`, but raise TimeoutError if no thread has begun the call within wait_s seconds."""
        future = self.submit(function, argument)
        giving_up = asyncio.get_running_loop().call_later(wait_s, future.cancel)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise TimeoutError(f"no thread of {self.name} was free within {wait_s:g} s") from None
        finally:
            giving_up.cancel()

    def _accounted(self, call: Callable[[], _Result]) -> Callable[[], _Result]:
        """Return the call, measured for `account` if it comes from an event loop."""
        account, client = self.account, current_client()
        if account is None or client is None:
            return call
        loop = asyncio.get_running_loop()

        def measured() -> _Result:
            begun_s = thread_time()
            try:
                return call()
            finally:
                with suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(account, thread_time() - begun_s, client)

        return measured

    def submit(
        self, function: Callable[_Parameters, _Result], /, *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> Future[_Result]:
        """Queue a call of the function. Raises BusyError at once when the queue is full."""
        job = _Job(current_client(), Future(), self._accounted(partial(function, *args, **kwargs)))
        with self._changed:
            if why := self._refusal(job.client):
                self.refused += 1
                raise BusyError(f"{why}; try again later")
            self._unfinished[job.client] += 1
            self._jobs.add(job.client, job.future, job)
            self._changed.notify()
            if self._idle < sum(1 for _ in self._jobs) and self._threads < self._most_threads:
                self._threads += 1
                threading.Thread(target=self._work, name=self.name, daemon=True).start()
        job.future.add_done_callback(partial(self._finished, job))
        return job.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Executor interface of `close`; never waits for a running job."""
        del wait, cancel_futures
        self.close()

    def close(self) -> None:
        """Drop waiting jobs and let the threads end; does not wait for running jobs."""
        with self._changed:
            self._closed = True
            waiting, self._jobs = list(self._jobs), FairQueue()
            self._changed.notify_all()
        for job in waiting:
            job.future.cancel()

    def _refusal(self, client: str | None) -> str | None:
        if self._closed or self.unfinished >= self._most_threads + self._queue:
            return f"the queue of {self.name} is full ({self._queue} jobs)"
        if client is not None and self._unfinished[client] >= self._most_for_one + self._queue // 2:
            return f"{client} already has {self._unfinished[client]} jobs in the queue of {self.name}"
        return None

    def _finished(self, job: _Job, _: Future[Any]) -> None:
        with self._changed:
            self._unfinished -= Counter({job.client: 1})
            self._jobs.discard(job.client, job.future)

    def _work(self) -> None:
        if self._in_background:
            lower_thread_priority()
        while (job := self._next()) is not None:
            if job.future.set_running_or_notify_cancel():
                try:
                    job.future.set_result(job.call())
                except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
                    job.future.set_exception(error)
            with self._changed:
                self._running -= Counter({job.client: 1})
                # The client's next job may have waited for this one.
                self._changed.notify()
            # Release the job's arguments and result before waiting for the next job.
            del job

    def _next(self) -> _Job | None:
        """Return the next job, or None when the thread should end."""
        with self._changed:
            self._idle += 1
            try:
                job = self._changed.wait_for(lambda: self._startable() or self._closed, _IDLE_S)
                if not isinstance(job, _Job):
                    self._threads -= 1
                    return None
                self._jobs.serve(job.client, job.future)
                self._running[job.client] += 1
                return job
            finally:
                self._idle -= 1

    def _startable(self) -> _Job | None:
        most = self._most_for_one
        return next((job for job in self._jobs if job.client is None or self._running[job.client] < most), None)
