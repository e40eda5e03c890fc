"""A file system that fails, or ends the process, at the n-th call that would change it."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from voicelab.runs import lock, storage


class FaultyDisk:
    """Replaces the module `os` in voicelab.runs.storage and voicelab.runs.lock (see `install`).

    at: number of the call that fails, from 1; a full or read-only disk fails from there on. `calls` counts them.
    fault: name of an errno, or one of: partial (half of the data is written, then the disk is full), kill (SIGKILL
    after half of the data), slow (every call takes 10 ms).
    """

    def __init__(self, fault: str = "", at: int = 0) -> None:
        self.calls = 0
        self._fault = fault
        self._at = at

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Use this disk for all files of a run."""
        make_folder = Path.mkdir

        def mkdir(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
            if not path.is_dir():
                self._before("mkdir", path)
            make_folder(path, mode, parents, exist_ok)

        patch.setattr(storage, "os", self)
        patch.setattr(lock, "os", self)
        patch.setattr(Path, "mkdir", mkdir)

    def open(self, path: Path, *arguments: Any) -> int:
        self._before("open", path)
        return os.open(path, *arguments)

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        self._before("write", descriptor=descriptor, data=data)
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        self._before("fsync")
        os.fsync(descriptor)

    def truncate(self, path: Path, size: int) -> None:
        self._before("truncate", path)
        os.truncate(path, size)

    def ftruncate(self, descriptor: int, size: int) -> None:
        if self._fault not in ("ENOSPC", "EDQUOT", "partial"):  # to shorten a file needs no space
            self._before("ftruncate")
        os.ftruncate(descriptor, size)

    def replace(self, source: Path, target: Path) -> None:
        self._before("replace", target)
        source.replace(target)

    def _before(
        self, call: str, path: Path | None = None, descriptor: int = -1, data: bytes | memoryview | None = None
    ) -> None:
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
            raise OSError(number, os.strerror(number), *([str(path)] if path is not None else []))
