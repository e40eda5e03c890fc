"""Errors of the file system as one sentence each: the path, the reason and the way out.

Files are checked in advance where the work on them takes long. Everywhere else the system's own refusal is the check,
and this module words it.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from voicelab.errors import InputError

_WAYS_OUT = {
    errno.EACCES: "change its permissions, or name another place",
    errno.EPERM: "change its permissions, or name another place",
    errno.EROFS: "name a place that can be written to",
    errno.ENOTDIR: "a part of this path is a file; name a folder",
    errno.EISDIR: "name a file",
    errno.EEXIST: "it is there already, and it is not a folder; name another one",
    errno.ENAMETOOLONG: "name something shorter",
    errno.ENOENT: "check the path",
    errno.ELOOP: "its links lead in a circle; name the place itself",
    errno.EINVAL: "the file system does not accept this name; choose another one",
    errno.ENOTEMPTY: "name an empty folder, or one that is not there yet",
}
"""What the user can do about a path that does not work. Other errors, such as a full disk, are not of the path."""


def is_of_the_path(error: OSError) -> bool:
    """Whether another path, or other permissions on it, would help."""
    return error.errno in _WAYS_OUT and error.filename is not None


def sentence(error: OSError) -> str:
    """`reports/a: Permission denied; change its permissions, or name another place`."""
    reason = error.strerror or str(error) or type(error).__name__
    where = f"{_text(error.filename2 or error.filename)}: " if error.filename is not None else ""
    way_out = _WAYS_OUT.get(error.errno or 0)
    return f"{where}{reason}{f'; {way_out}' if way_out and where else ''}"


def _text(path: object) -> str:
    return os.fsdecode(path) if isinstance(path, bytes) else str(path)


def check_new_file(option: str, path: Path) -> None:
    """Raise InputError, naming the option, unless a file can be made at this path that is not there yet."""
    if _exists(option, path):
        raise InputError(f"{option} {path}: is there already; name another file")
    check_file(option, path)


def check_file(option: str, path: Path) -> None:
    """Raise InputError, naming the option, unless this file can be written. One that is there stays as it is."""
    try:
        if _exists(option, path):
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        elif not path.parent.is_dir():
            raise InputError(f"{option} {path}: cannot be written: there is no folder {path.parent}; make it first")
        else:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
    except OSError as error:
        raise InputError(f"{option} {path}: cannot be written: {error.strerror}; name another file") from error


def _exists(option: str, path: Path) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:  # e.g. a name that is too long
        raise InputError(f"{option} {path}: cannot be written: {error.strerror}; name another file") from error
    return True


def check_folder(option: str, path: Path, *, must_exist: bool = False) -> None:
    """Raise InputError, naming the option, unless files can be made in this folder.

    A folder that is missing is not made: its nearest parent has to accept a new folder. must_exist: refuse it instead.
    """
    try:
        place = path
        if must_exist and not os.path.lexists(path):
            raise InputError(f"{option}: there is no folder {path}; make it first")
        while not os.path.lexists(place) and place != place.parent:
            place = place.parent
        if not place.is_dir():
            raise InputError(f"{option} {path}: {place} is not a folder; name another place")
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise InputError(f"{option} {path}: cannot be written to: {error.strerror}; name another place") from error
