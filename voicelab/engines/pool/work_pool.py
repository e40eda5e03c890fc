"""Threads for one kind of blocking work beside an event loop, behind a queue that has an end."""

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
"""How many jobs may wait for a thread of one pool."""
_IDLE_S = 30.0
"""How long a thread waits for another job before it ends."""


class WorkPool(Executor):
    """A bounded pool of threads, which is also an executor for `run_in_executor`.

    The threads are daemons, so a job that hangs cannot keep the program from ending.

    name: what the pool does, for thread names, metrics and messages. threads: how many jobs run at once; None is one
    for each core, but at least two. queue: how many more may wait.
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
        """How many jobs run or wait. A job that was given up while it ran counts until it ends."""
        return self._unfinished

    async def run(
        self, function: Callable[_Parameters, _Result], *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> _Result:
        """Call the function in a thread and wait for its result.

        A job whose caller is cancelled leaves the queue. Raises BusyError at once when the queue is full.
        """
        return await asyncio.wrap_future(self.submit(function, *args, **kwargs))

    def submit(
        self, function: Callable[_Parameters, _Result], /, *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> Future[_Result]:
        """Begin the call as soon as a thread is free. Raises BusyError at once when the queue is full."""
        future: Future[_Result] = Future()
        with self._changed:
            if self._closed or self._unfinished >= self._most_threads + self._queue:
                self.refused += 1
                raise BusyError(f"too much work waits for {self.name} (at most {self._queue} jobs); try again later")
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
        """`close`, by the name that executors have; a job that runs is not waited for in any case."""
        del wait, cancel_futures
        self.close()

    def close(self) -> None:
        """Drop what waits and let the threads end; a job that runs is not waited for."""
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
            # Keep neither the job's arguments nor its result alive while waiting for the next one.
            del next_job, future, job

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        """The next job; None when the thread should end."""
        with self._changed:
            self._idle += 1
            try:
                if self._changed.wait_for(lambda: self._jobs or self._closed, _IDLE_S) and self._jobs:
                    return self._jobs.popleft()
                self._threads -= 1
                return None
            finally:
                self._idle -= 1
