"""Runs coroutines from synchronous code, also inside a running event loop as in a notebook."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

_Result = TypeVar("_Result")

_SIGNAL_CHECK_S = 0.1


def run_blocking(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to completion, also inside a running event loop as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outside = _OtherThread(work)
    return outside.result()


class _OtherThread(Generic[_Result]):
    """Runs a coroutine in a separate thread and event loop, and cancels it when the caller is interrupted."""

    def __init__(self, work: Coroutine[Any, Any, _Result]) -> None:
        self._work = work
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._watched())
        self._outcome: _Result
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="voicelab-run")

    def result(self) -> _Result:
        self._thread.start()
        try:
            # A wait without a limit would sleep through a signal that another thread received or that came just before.
            while self._thread.is_alive():
                self._thread.join(_SIGNAL_CHECK_S)
        except BaseException:  # the stop button of a notebook, or Ctrl-C
            with contextlib.suppress(RuntimeError):  # the loop is closed: the work ended at the same moment
                self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join()
            raise
        if self._fault is not None:
            raise self._fault
        return self._outcome

    async def _watched(self) -> None:
        try:
            self._outcome = await self._work
        except BaseException as fault:  # noqa: BLE001 - raised again in the thread that waits
            self._fault = fault

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._task)
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        finally:
            self._loop.close()
