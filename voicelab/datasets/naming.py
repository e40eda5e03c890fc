"""Derives sample ids from paths, so that s1/0001.wav and s2/0001.wav differ."""

import sys
from collections.abc import Iterable
from pathlib import PurePath

WHOLE = sys.maxsize
"""The depth at which a name is the whole path with its extension."""


def depth(paths: Iterable[str]) -> int:
    """Return the smallest number of trailing path components, without extension, that makes all paths unique."""
    distinct = {_path(path) for path in paths}
    for parts in range(1, max((len(path.parts) for path in distinct), default=1) + 1):
        if len({_tail(path, parts) for path in distinct}) == len(distinct):
            return parts
    return WHOLE


def name(path: str, parts: int, offset_s: float | None = None) -> str:
    """Return the id of a recording, or of its segment from offset_s on: `0001`, `s1/0001`, `0001@1.8`."""
    found = _tail(_path(path), parts)
    return f"{found}@{offset_s:.10g}" if offset_s else found


def _path(path: str) -> PurePath:
    """The path, which may be one of Windows: `s1\\0001.wav`."""
    return PurePath(path if "/" in path else path.replace("\\", "/"))


def _tail(path: PurePath, parts: int) -> str:
    return path.as_posix() if parts == WHOLE else PurePath(*path.with_suffix("").parts[-parts:]).as_posix()
