"""Removal of runs: all of the named ones, or none.

Every precondition is checked first. Then all runs are moved to a private folder beside them, which can be undone. They
are deleted only after all have been moved.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from voicelab.analysis.run_catalog import SIGNS, is_run
from voicelab.errors import InputError, VoicelabError
from voicelab.runs import lock

_TRASH = ".removed-"


def check_removable(path: Path) -> None:
    """Raise InputError for a link, a run in use, a folder that holds more than one run, or one that is write-protected.

    Links inside a run are allowed: they are removed, their targets are not.
    """
    if path.is_symlink():
        raise InputError(f"{path}: is a link; remove the link itself, or name its target")
    try:
        _check_run(path)
        _check_writable(path)
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be read: {error.strerror}; nothing was removed") from error


def _check_run(path: Path) -> None:
    if not is_run(path):
        raise InputError(f"{path}: contains no run (no {' or '.join(SIGNS)}); nothing was removed")
    if lock.is_held(path):
        raise InputError(f"{path}: a process is working on this run; end it first")
    whole = path.resolve()
    if Path.cwd().is_relative_to(whole):
        raise InputError(f"{path}: is the current folder or contains it; nothing was removed")
    inner = [one for one in whole.rglob("*") if one.is_dir() and (is_run(one) or one.name == ".git")]
    if inner or (whole / ".git").exists():
        raise InputError(f"{path}: contains more than a run ({(inner or [whole / '.git'])[0]}); nothing was removed")


def _check_writable(path: Path) -> None:
    """Removing an entry needs write permission for its folder."""
    folders = [path.resolve().parent, *(Path(place) for place, _, _ in os.walk(path, onerror=_raise))]
    for folder in folders:
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise InputError(f"{folder}: is write-protected; nothing was removed")


def _raise(error: OSError) -> None:
    raise error


def size_bytes(path: Path) -> int:
    """Size of a run on disk, without the targets of its links."""
    return sum(one.lstat().st_size for one in path.rglob("*") if not one.is_dir() or one.is_symlink())


def remove(paths: Sequence[Path]) -> None:
    """Remove all of these runs or none. Links inside are removed, their targets are not.

    Raises InputError, with every run unchanged, if one of them cannot be removed. Raises VoicelabError if the system
    refuses to delete a run that was already moved; the message names the remaining folder.
    """
    for path in paths:
        check_removable(path)
    moved: list[tuple[Path, Path]] = []
    for path in paths:
        try:
            trash = Path(tempfile.mkdtemp(prefix=_TRASH, dir=path.resolve().parent))
            moved.append((path, trash))
            path.rename(trash / path.name)
        except OSError as error:
            _put_back(moved)
            raise InputError(f"{path}: cannot be removed: {error.strerror}; nothing was removed") from error
    for path, trash in moved:
        try:
            shutil.rmtree(trash)
        except OSError as error:
            raise VoicelabError(f"{path}: not all of it was deleted: {error.strerror}; delete {trash}") from error


def _put_back(moved: Sequence[tuple[Path, Path]]) -> None:
    for path, trash in moved:
        if (trash / path.name).exists():
            (trash / path.name).rename(path)
        with contextlib.suppress(OSError):
            trash.rmdir()
