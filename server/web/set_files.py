"""File-system helpers of recorded sets: a lock across processes, and disk usage."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SMALLEST_BYTES = 4096
"""Minimum size counted per file, because even an empty file takes a directory entry and usually a block."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on a folder, across threads and processes of this machine. Not reentrant."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def used_bytes(folder: Path) -> int:
    """Return the disk usage of the files below a folder in bytes, without following links."""
    used = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                used += max(_SMALLEST_BYTES, os.lstat(os.path.join(parent, name)).st_size)  # noqa: PTH118 - many files
            except FileNotFoundError:
                continue
    return used
