"""Atomic, durable writes that survive crashes and full disks.

Files are replaced and records appended as a whole. Both are on disk when the call returns.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from voicelab.errors import InputError, StorageError
from voicelab.runs import file_errors

_CANNOT_SYNC_FOLDERS = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EISDIR, errno.EBADF})

_WRITE = os.O_WRONLY | os.O_CREAT

_DRAFT = ".part"


def make_folder(path: Path) -> None:
    """Create a folder and its parents. Raises InputError if another path would help, StorageError for other errors."""
    with faults_named(path):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise InputError(f"{path}: a file exists at this path; choose another folder") from error
        except OSError as error:
            if file_errors.is_of_the_path(error):
                raise InputError(file_errors.sentence(error)) from error
            raise


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file atomically. Raises StorageError."""
    draft = path.with_name(f"{path.name}{_DRAFT}")
    with faults_named(path):
        try:
            with _opened(draft, _WRITE | os.O_TRUNC) as descriptor:
                _write_all(descriptor, data)
            os.replace(draft, path)  # noqa: PTH105 - tests put a failing disk in place of `os`
            sync_folder(path.parent)
        except OSError:
            with suppress(OSError):
                draft.unlink()
            raise


def append_whole(path: Path, data: bytes) -> None:
    """Append data to a file, all of it or nothing. Raises StorageError."""
    made = not path.exists()
    with faults_named(path), _opened(path, _WRITE | os.O_APPEND) as descriptor:
        size = os.fstat(descriptor).st_size
        try:
            _write_all(descriptor, data)
        except OSError:
            # A partial write must not become the start of the next record.
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
        if made:
            sync_folder(path.parent)


def cut_torn_line(path: Path) -> None:
    """Remove a last line without a line end, without rewriting earlier lines. Raises StorageError."""
    with faults_named(path):
        if not path.exists():
            return
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(path, whole)


def remove_drafts(folder: Path) -> None:
    """Remove the drafts of `write_whole` that a killed process left in a folder. Raises StorageError."""
    with faults_named(folder):
        for draft in folder.glob(f"*{_DRAFT}"):
            draft.unlink()


def sync_tree(folder: Path) -> None:
    """Flush a folder and everything in it to disk, so that it can then be renamed to its final name."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            sync_folder(path)
        else:
            _sync(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Flush the folder's entries to disk, without which a new file may vanish in a power failure.

    File systems that do not support this (some network mounts) are ignored; other errors are raised.
    """
    try:
        _sync(folder)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC_FOLDERS:
            raise


@contextmanager
def faults_named(path: Path) -> Iterator[None]:
    """Raise operating system errors as StorageError, with the path and the reason."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}") from error


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o666)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    with _opened(path, os.O_RDONLY) as descriptor:
        os.fsync(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)
