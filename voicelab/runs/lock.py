"""A lock that lets one process at a time work on a run. The system releases it when the process ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voicelab.errors import InputError
from voicelab.runs import file_errors, storage

FILE_NAME = "run.lock"
_PATIENCE_S = 10.0
_POLL_S = 0.1


@contextmanager
def held(folder: Path, patience_s: float = _PATIENCE_S) -> Iterator[None]:
    """Hold the lock of the run in this folder during the block.

    Waits up to patience_s seconds for another holder, because a kernel outlives a killed papermill for a moment; then
    raises InputError, which names the process. Raises InputError for a folder without write permission, StorageError
    for other errors. Child processes do not inherit the lock.
    """
    storage.make_folder(folder)
    file_errors.check_folder("run", folder)
    path = folder / FILE_NAME
    with storage.faults_named(path):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        except OSError as error:
            # Nothing has started yet: the user can choose another path or change the permissions.
            if file_errors.is_of_the_path(error):
                raise InputError(file_errors.sentence(error)) from error
            raise
    try:
        deadline = time.monotonic() + patience_s
        while not _taken(descriptor):
            if time.monotonic() > deadline:
                raise InputError(
                    f"{folder}: another process{_holder(folder)} is working on this run; wait for it or stop it"
                )
            time.sleep(_POLL_S)
        with storage.faults_named(path):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Whether a process is working on the run in this folder now."""
    try:
        with (folder / FILE_NAME).open("rb") as file:
            return not _taken(file.fileno(), fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _taken(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(folder: Path) -> str:
    number = (folder / FILE_NAME).read_text(encoding="ascii").strip()
    return f" ({number})" if number else ""
