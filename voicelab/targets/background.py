"""Keep pauses of the event loop short while a process times many conversations.

Delays of the loop shift the times at which messages are sent and recorded. Three causes: full garbage collections (tens
of milliseconds once all libraries are loaded), threads that compete for the interpreter (5 ms per waiting thread), and
audio processing on the loop itself.
"""

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
    """Run audio processing in a thread, one job at a time, so that at most one thread competes with the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_one_thread(), partial(work, *args, **kwargs))


@contextmanager
def short_pauses() -> Iterator[None]:
    """In the block, exempt all existing objects from garbage collection and switch threads every 0.5 ms."""
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
