"""Computes how many seconds of audio a prefix of an Ogg Opus stream contains."""

import struct
from bisect import bisect_right
from collections.abc import Sequence

_HEADER = struct.Struct("<4sBBqIIIB")
_GRANULE_HZ = 48_000
_PRE_SKIP_AT = 10


def playable_s(data: bytes, sizes: Sequence[int]) -> list[float] | None:
    """Return the seconds of audio in the first `size` bytes, for each size; None if the data is not Ogg Opus.

    Only complete pages count (RFC 3533), without the encoder delay at the start (RFC 7845, section 4.2).
    """
    ends, seconds = [0], [0.0]
    index, pre_skip = 0, 0
    while index + _HEADER.size <= len(data):
        magic, _, _, granule, _, _, _, segments = _HEADER.unpack_from(data, index)
        table = data[index + _HEADER.size : index + _HEADER.size + segments]
        body = index + _HEADER.size + segments
        if magic != b"OggS":
            return None
        if index == 0:
            if data[body : body + 8] != b"OpusHead":
                return None
            pre_skip = int.from_bytes(data[body + _PRE_SKIP_AT : body + _PRE_SKIP_AT + 2], "little")
        index = body + sum(table)
        if index > len(data):
            break
        # -1: no packet ends on this page.
        ends.append(index)
        seconds.append(max(seconds[-1], (granule - pre_skip) / _GRANULE_HZ) if granule > 0 else seconds[-1])
    if len(ends) == 1:
        return None
    return [seconds[bisect_right(ends, size) - 1] for size in sizes]
