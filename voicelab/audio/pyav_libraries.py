"""The libraries in PyAV's wheel, and a limit on the size of FFmpeg's allocations.

An MP4 header states the length of its index, and FFmpeg allocates that memory before it reads a sample: 100 bytes of
input can request gigabytes. FFmpeg has a limit per allocation, which PyAV does not expose.
"""

import ctypes
from functools import cache
from pathlib import Path

MOST_BYTES = 64 * 2**20
"""Maximum size of one allocation: 2.8 million index entries, or 6 minutes of 48 kHz audio in one frame."""


def bundled_library(name: str) -> str | None:
    """Return the path of a library in PyAV's wheel, such as "libopus", or None."""
    import av

    found = sorted((Path(av.__file__).parent.parent / "av.libs").glob(f"{name}*.so*"))
    return str(found[0]) if found else None


@cache
def limit_allocations() -> bool:
    """Set the limit for this process; return False when PyAV's own FFmpeg library is not found."""
    path = bundled_library("libavutil")
    if path is not None:
        ctypes.CDLL(path).av_max_alloc(ctypes.c_size_t(MOST_BYTES))
    return path is not None
