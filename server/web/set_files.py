"""Files of recorded sets: reading, atomic writes, a lock across processes, and disk usage."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from voicelab.errors import InputError
from voicelab.runs.storage import sync_folder

_SMALLEST_BYTES = 4096
"""Minimum size counted per file, because even an empty file takes a directory entry and usually a block."""


class UnreadableError(InputError):
    """A file of a set is damaged; only the server's operator can repair it."""


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


def read_json(file: Path) -> Any:
    """Return the content of a JSON file. Raises UnreadableError."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableError(f"{file.parent.name}/{file.name}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{file.parent.name}/{file.name}: is not JSON: {error}") from error


def write_json(file: Path, value: Any) -> None:
    """Replace a JSON file atomically and durably."""
    write_file(file, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def write_file(file: Path, data: bytes) -> None:
    """Replace a file atomically and durably."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{uuid4().hex}.part")
    # Mode 0600 regardless of the umask: other users of the machine must not read recordings.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
        sink.write(data)
        sink.flush()
        os.fsync(sink.fileno())
    draft.replace(file)
    sync_folder(file.parent)
