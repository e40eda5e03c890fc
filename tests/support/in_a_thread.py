"""Run agents in a separate thread, for runs that block the current one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

Found = TypeVar("Found")


@contextmanager
def in_a_thread(agent: AbstractAsyncContextManager[Found]) -> Iterator[Found]:
    """Enter the agent's context in the event loop of a new thread, and yield its value."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        found = asyncio.run_coroutine_threadsafe(agent.__aenter__(), loop).result(10.0)
        try:
            yield found
        finally:
            asyncio.run_coroutine_threadsafe(agent.__aexit__(None, None, None), loop).result(10.0)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
