"""Limits the size of FFmpeg's allocations.

An MP4 header states the length of its index, and FFmpeg allocates that memory before it reads a sample: 100 bytes of
input can request gigabytes. FFmpeg has a limit per allocation, which PyAV does not expose.
"""

import ctypes
from functools import cache
from pathlib import Path

MOST_BYTES = 64 * 2**20
"""Maximum size of one allocation: 2.8 million index entries, or 6 minutes of 48 kHz audio in one frame."""


@cache
def limit_allocations() -> bool:
    """Set the limit for this process; return False when PyAV's own FFmpeg library is not found."""
    import av

    for path in sorted((Path(av.__file__).parent.parent / "av.libs").glob("libavutil*.so*")):
        ctypes.CDLL(str(path)).av_max_alloc(ctypes.c_size_t(MOST_BYTES))
        return True
    return False
