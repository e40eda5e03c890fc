"""Keeps the pauses of a process short that times many conversations on one event loop.

Three things would delay the loop, and with it the instants at which messages are sent and noted: a full garbage
collection (tens of milliseconds once all libraries are loaded), threads that compete for the interpreter (5 ms for each
that waits), and work on sound that runs on the loop itself.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import ParamSpec, TypeVar

_SWITCH_S = 0.0005

P = ParamSpec("P")
T = TypeVar("T")


async def analyse(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do work on sound outside the event loop, one piece at a time, so that at most one thread competes with it."""
    return await asyncio.get_running_loop().run_in_executor(_one_thread(), partial(work, *args, **kwargs))


@contextmanager
def short_pauses() -> Iterator[None]:
    """While the block runs, exempt all present objects from garbage collection and switch threads every 0.5 ms."""
    before_s = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)
        gc.unfreeze()


@cache
def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="voicelab-sound")
