"""What a long-lived process no longer uses goes back to the system. Needs glibc; other C libraries are left alone."""

from __future__ import annotations

import asyncio
import ctypes
import gc
from collections.abc import Callable
from contextlib import suppress

_MMAP_THRESHOLD = -3
"""M_MMAP_THRESHOLD of glibc's malloc.h."""
_LARGE_BYTES = 128 * 1024
_LOOK_AGAIN_S = 1.0


def map_large_blocks() -> None:
    """Let what a large block took, a message or a file of sound, go back to the system when it is freed.

    glibc maps blocks of 128 KiB and more, but takes each one that is freed for a sign that blocks of its size should be
    kept: up to 32 MiB they then lie in the heap among small ones, which hold it open. Once set, the limit stays where
    it is.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)


def give_back() -> None:
    """Return every page of the heap on which nothing lies; takes some milliseconds."""
    gc.collect()
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


async def give_back_when_empty(is_empty: Callable[[], bool]) -> None:
    """For ever: after the start, and whenever everybody has gone, `give_back`, when it holds up nobody."""
    was_empty = False
    while True:
        await asyncio.sleep(_LOOK_AGAIN_S)
        if is_empty() and not was_empty:
            give_back()
        was_empty = is_empty()
