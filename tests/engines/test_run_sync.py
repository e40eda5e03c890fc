"""Coroutines run from synchronous code inside a running event loop, as in a notebook."""

import _thread
import asyncio
import threading
import time

import pytest

from voicelab.engines.pool.run_sync import run_blocking


def in_a_notebook(coroutine, interrupt_after: threading.Event | None = None):
    """Call run_blocking inside a running event loop. As in Jupyter, the loop does not handle SIGINT itself."""

    async def cell():
        return run_blocking(coroutine)

    def press_stop(begun: threading.Event) -> None:
        begun.wait()
        time.sleep(0.2)  # until the caller waits
        _thread.interrupt_main()

    if interrupt_after is not None:
        threading.Thread(target=press_stop, args=[interrupt_after]).start()
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(cell())
    finally:
        loop.close()


def test_the_result_and_the_error_are_those_of_the_coroutine():
    async def result():
        return await asyncio.sleep(0, 3)

    async def error():
        raise ValueError("no")

    assert in_a_notebook(result()) == 3
    with pytest.raises(ValueError, match="no"):
        in_a_notebook(error())


def test_an_interrupted_caller_waits_until_the_work_has_ended():
    begun, ended = threading.Event(), threading.Event()

    async def work():
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.3)
            ended.set()

    with pytest.raises(KeyboardInterrupt):
        in_a_notebook(work(), begun)
    assert ended.is_set()
