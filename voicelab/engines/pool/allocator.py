"""Returns unused memory of a long-lived process to the system. Works with glibc only; does nothing elsewhere."""

import asyncio
import ctypes
import gc
from collections.abc import Callable
from contextlib import suppress

_MMAP_THRESHOLD = -3
_ARENA_MAX = -8
"""M_MMAP_THRESHOLD and M_ARENA_MAX in glibc's malloc.h."""
_LARGE_BYTES = 128 * 1024
_LOOK_AGAIN_S = 1.0


def keep_little() -> None:
    """Return large blocks (messages, audio files) to the system when they are freed, and keep one heap for all threads.

    By default glibc raises its mmap threshold, up to 32 MiB, whenever a mapped block is freed. Later blocks of that
    size then come from the heap, where small allocations keep them from being returned. Setting the threshold fixes it.
    It also gives threads heaps of their own, each of which keeps what its thread once used.
    """
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Return all unused heap pages to the system; takes a few milliseconds."""
    gc.collect()
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


async def give_back_when_empty(is_empty: Callable[[], bool]) -> None:
    """Call `give_back` after the start and whenever the last session ends; runs until cancelled."""
    was_empty = False
    while True:
        await asyncio.sleep(_LOOK_AGAIN_S)
        if is_empty() and not was_empty:
            give_back()
        was_empty = is_empty()
