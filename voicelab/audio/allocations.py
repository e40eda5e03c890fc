"""A cap on what FFmpeg may allocate at once.

The index of an MP4 is as long as a number in it says, and memory for it is taken before a sample is read: 100 bytes can
ask for gigabytes. FFmpeg has a limit for one allocation, which PyAV does not expose.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

MOST_BYTES = 64 * 2**20
"""The largest allocation: 2.8 million entries of an index, or 6 minutes of 48 kHz sound in one frame."""


@cache
def limit_allocations() -> bool:
    """Set the limit once for this process; False where FFmpeg's own library is not found beside PyAV."""
    import av

    for path in sorted((Path(av.__file__).parent.parent / "av.libs").glob("libavutil*.so*")):
        ctypes.CDLL(str(path)).av_max_alloc(ctypes.c_size_t(MOST_BYTES))
        return True
    return False
