"""A file system that fails, or ends the process, at the n-th call that would change it."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path
from typing import Any


class FaultyDisk:
    """Stands in for the module `os` in voicelab.runs.storage.

    at: the call that fails, from 1; a full or read-only disk fails from there on. `calls` counts them. fault: an errno
    by name, or one of these. partial: half of the data is written, then the disk is full. kill: SIGKILL, after half of
    the data. slow: every call takes 10 ms.
    """

    def __init__(self, fault: str = "", at: int = 0) -> None:
        self.calls = 0
        self._fault = fault
        self._at = at

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, *arguments: Any) -> int:
        self._before("open")
        return os.open(*arguments)

    def write(self, descriptor: int, data: memoryview) -> int:
        self._before("write", descriptor, data)
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        self._before("fsync")
        os.fsync(descriptor)

    def truncate(self, path: Path, size: int) -> None:
        self._before("truncate")
        os.truncate(path, size)

    def replace(self, source: Path, target: Path) -> None:
        self._before("replace")
        source.replace(target)

    def _before(self, call: str, descriptor: int = -1, data: memoryview | None = None) -> None:
        self.calls += 1
        if not self._at or self.calls < self._at or (self._fault in ("EIO", "kill") and self.calls > self._at):
            return
        if data is not None and self._fault in ("partial", "kill"):
            os.write(descriptor, data[: len(data) // 2])
        if self._fault == "slow":
            time.sleep(0.01)
        elif self._fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            number = errno.ENOSPC if self._fault == "partial" else getattr(errno, self._fault)
            raise OSError(number, os.strerror(number))
