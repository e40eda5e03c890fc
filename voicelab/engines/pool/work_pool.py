"""Threads for blocking work beside an event loop, behind a bounded queue."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

from voicelab.errors import BusyError

_Result = TypeVar("_Result")
_Parameters = ParamSpec("_Parameters")

DEFAULT_QUEUE = 64
"""Maximum number of jobs that wait for a thread of one pool."""
_IDLE_S = 30.0
"""Seconds after which an idle thread ends."""


class WorkPool(Executor):
    """A bounded thread pool that can serve as executor for `run_in_executor`.

    The threads are daemons, so a job that hangs cannot keep the program from ending.

    name: the pool's task, for thread names, metrics and messages. threads: number of concurrent jobs; None is one per
    core, at least two. queue: number of jobs that may wait.
    """

    def __init__(self, name: str, threads: int | None = None, queue: int = DEFAULT_QUEUE) -> None:
        self.name = name
        self.refused = 0
        self._most_threads = threads or max(2, len(os.sched_getaffinity(0)))
        self._queue = queue
        self._jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._unfinished = 0
        self._threads = self._idle = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def unfinished(self) -> int:
        """Number of running and waiting jobs. An abandoned job counts until it ends."""
        return self._unfinished

    async def run(
        self, function: Callable[_Parameters, _Result], *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> _Result:
        """Call the function in a thread and wait for its result.

        Cancelling the caller removes a waiting job from the queue. Raises BusyError at once when the queue is full.
        """
        return await asyncio.wrap_future(self.submit(function, *args, **kwargs))

    def submit(
        self, function: Callable[_Parameters, _Result], /, *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> Future[_Result]:
        """Queue a call of the function. Raises BusyError at once when the queue is full."""
        future: Future[_Result] = Future()
        with self._changed:
            if self._closed or self._unfinished >= self._most_threads + self._queue:
                self.refused += 1
                raise BusyError(f"the queue of {self.name} is full ({self._queue} jobs); try again later")
            self._unfinished += 1
            self._jobs.append((future, partial(function, *args, **kwargs)))
            if self._idle >= len(self._jobs):
                self._changed.notify()
            elif self._threads < self._most_threads:
                self._threads += 1
                threading.Thread(target=self._work, name=self.name, daemon=True).start()
        future.add_done_callback(self._finished)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Executor interface of `close`; never waits for a running job."""
        del wait, cancel_futures
        self.close()

    def close(self) -> None:
        """Drop waiting jobs and let the threads end; does not wait for running jobs."""
        with self._changed:
            self._closed = True
            waiting, self._jobs = self._jobs, deque()
            self._changed.notify_all()
        for future, _ in waiting:
            future.cancel()

    def _finished(self, future: Future[Any]) -> None:
        with self._changed:
            self._unfinished -= 1
            if future.cancelled():
                self._jobs = deque(job for job in self._jobs if job[0] is not future)

    def _work(self) -> None:
        while (next_job := self._next()) is not None:
            future, job = next_job
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(job())
                except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
                    future.set_exception(error)
            # Release the job's arguments and result before waiting for the next job.
            del next_job, future, job

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        """Return the next job, or None when the thread should end."""
        with self._changed:
            self._idle += 1
            try:
                if self._changed.wait_for(lambda: self._jobs or self._closed, _IDLE_S) and self._jobs:
                    return self._jobs.popleft()
                self._threads -= 1
                return None
            finally:
                self._idle -= 1
