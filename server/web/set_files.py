"""What recorded sets need of the file system: one lock for all processes, and how much of the disk is used."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SMALLEST_BYTES = 4096
"""What even an empty file is counted as: it takes a block of the disk, and an entry of its folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other thread and every other process of this machine out of a folder that they lock too.

    Not reentrant: each call opens the lock's file anew, and waits for all others.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def used_bytes(folder: Path) -> int:
    """What the files below a folder take, links not followed; what is deleted meanwhile may count or not."""
    used = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                used += max(_SMALLEST_BYTES, os.lstat(os.path.join(place, name)).st_size)  # noqa: PTH118 - many files
            except FileNotFoundError:
                continue
    return used
