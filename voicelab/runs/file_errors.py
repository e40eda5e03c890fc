"""Converts file system errors to one sentence: path, reason and way out.

Paths are checked in advance where the work takes long. Elsewhere, the system's own error is the check, and this module
words it.
"""

import errno
import os
import tempfile
from pathlib import Path

from voicelab.errors import InputError

_WAYS_OUT = {
    errno.EACCES: "change its permissions, or choose another path",
    errno.EPERM: "change its permissions, or choose another path",
    errno.EROFS: "choose a writable path",
    errno.ENOTDIR: "a part of this path is a file; choose a folder",
    errno.EISDIR: "name a file",
    errno.EEXIST: "it exists and is not a folder; choose another path",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOENT: "check the path",
    errno.ELOOP: "its symbolic links form a loop; give the target itself",
    errno.EINVAL: "the file system does not accept this name; choose another one",
    errno.ENOTEMPTY: "choose an empty or new folder",
}
"""The remedy for each error of a path. Other errors, such as a full disk, do not depend on the path."""


def is_of_the_path(error: OSError) -> bool:
    """Whether another path, or other permissions, would help."""
    return error.errno in _WAYS_OUT and error.filename is not None


def sentence(error: OSError) -> str:
    """Format an error: `reports/a: Permission denied; change its permissions, or choose another path`."""
    reason = error.strerror or str(error) or type(error).__name__
    where = f"{_text(error.filename2 or error.filename)}: " if error.filename is not None else ""
    way_out = _WAYS_OUT.get(error.errno or 0)
    return f"{where}{reason}{f'; {way_out}' if way_out and where else ''}"


def _text(path: object) -> str:
    return os.fsdecode(path) if isinstance(path, bytes) else str(path)


def check_new_file(option: str, path: Path) -> None:
    """Raise InputError, naming the option, unless a new file can be created at this path."""
    if os.path.lexists(path):
        raise InputError(f"{option} {path}: already exists; choose another file")
    check_file(option, path)


def check_file(option: str, path: Path) -> None:
    """Raise InputError, naming the option, unless this file can be written. An existing file stays unchanged."""
    try:
        if _exists(path):
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        elif not path.parent.is_dir():
            raise InputError(f"{option} {path}: cannot be written: create the folder {path.parent} first")
        else:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
    except OSError as error:
        raise InputError(f"{option} {path}: cannot be written: {error.strerror}; choose another file") from error


def _exists(path: Path) -> bool:
    """Return whether the path exists. Raises OSError if that is not known, e.g. for a name that is too long."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def check_folder(option: str, path: Path, *, must_exist: bool = False) -> None:
    """Raise InputError, naming the option, unless files can be created in this folder.

    A missing folder is not created; its nearest existing parent must be writable. must_exist: reject a missing folder.
    """
    try:
        parent = path
        if must_exist and not os.path.lexists(path):
            raise InputError(f"{option}: there is no folder {path}; create it first")
        while not os.path.lexists(parent) and parent != parent.parent:
            parent = parent.parent
        if not parent.is_dir():
            raise InputError(f"{option} {path}: {parent} is not a folder; choose another path")
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise InputError(f"{option} {path}: cannot be written to: {error.strerror}; choose another path") from error
