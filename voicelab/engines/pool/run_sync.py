"""Runs coroutines from synchronous code, also inside a running event loop as in a notebook."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, TypeVar

_Result = TypeVar("_Result")

_SIGNAL_CHECK_S = 0.1


def run_blocking(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to completion, also inside a running event loop as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    return _run_in_other_thread(work)


def _run_in_other_thread(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine in a separate thread and event loop, and cancel it when the caller is interrupted."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)

    def run() -> _Result:
        try:
            return loop.run_until_complete(task)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    with ThreadPoolExecutor(1, "voicelab-run") as thread:
        try:
            outcome = thread.submit(run)
            # A wait without a limit would sleep through a signal that another thread received or that came just before.
            while not outcome.done():
                wait([outcome], _SIGNAL_CHECK_S)
        except BaseException:  # the stop button of a notebook, or Ctrl-C
            with suppress(RuntimeError):  # the loop is closed: the work ended at the same moment
                loop.call_soon_threadsafe(task.cancel)
            raise
    return outcome.result()
