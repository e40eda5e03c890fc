"""Readers from outside the package: functions that read your own formats.

    my_package.readers:read:corpus/dev    a function, imported in the process that reads the set
    timit:corpus/dev                      an entry point of the group voicelab.readers

A reader takes a path, and returns a SampleSet or anything that `SampleSet.from_frame` accepts: a DataFrame, or rows
with the columns of a manifest. If an installed reader has an attribute `endings`, such as `(".trs",)`, it reads files
with these endings even without its name.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from voicelab.datasets.columns import SetColumns
from voicelab.datasets.frames import from_rows
from voicelab.datasets.samples import SampleSet
from voicelab.engines import outside
from voicelab.errors import InputError

KIND = "reader"
Reader = Callable[[Path], Any]
_NAMED = re.compile(r"(?P<name>[A-Za-z_][\w.]*:[A-Za-z_]\w*|[A-Za-z_][\w-]*):(?P<path>.+)", re.DOTALL)


def named(text: str) -> tuple[Reader, Path] | None:
    """Return the reader and the path of `name:path`; None for a text that does not name a reader.

    Raises InputError when the reader cannot be imported.
    """
    found = _NAMED.fullmatch(text)
    if found is None:
        return None
    name = found["name"]
    if ":" in name:
        return _imported(name), Path(found["path"])
    installed = outside.entry_points(KIND)
    return (_imported(installed[name][0]), Path(found["path"])) if name in installed else None


def for_ending(path: Path) -> Reader | None:
    """Return the installed reader for the ending of a path; None if there is none."""
    for target, _ in outside.entry_points(KIND).values():
        reader = _imported(target)
        if path.name.lower().endswith(tuple(getattr(reader, "endings", ()))):
            return reader
    return None


def read(reader: Reader, path: Path, source: str, columns: SetColumns) -> SampleSet:
    """Read a path with a reader. source: the specification of the set, with which it can be loaded again.

    Raises InputError where the reader fails, or returns something else.
    """
    if not path.exists():
        raise InputError(f"{path}: does not exist; give a path that {_name(reader)} reads")
    try:
        found = reader(path)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: the reader {_name(reader)} failed: {type(error).__name__}: {error}") from error
    if isinstance(found, SampleSet):
        return replace(found, path=Path(source))
    home = path if path.is_dir() else path.parent
    return from_rows(found, home=home, path=Path(source), columns=columns)


def _imported(target: str) -> Reader:
    found = outside.imported(KIND, target)
    if not callable(found):
        raise InputError(f"--samples {target}: cannot be used: a reader is a function of a path")
    return found


def _name(reader: Reader) -> str:
    return str(getattr(reader, "__qualname__", type(reader).__qualname__))
