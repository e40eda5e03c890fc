"""Load sample sets from a path in any supported format, from your own reader, or from rows in memory."""

from pathlib import Path
from typing import Any

from voicelab.datasets import formats, readers, voice_samples
from voicelab.datasets.columns import USUAL, SetColumns
from voicelab.datasets.fields import check_ids
from voicelab.datasets.frames import from_rows
from voicelab.datasets.samples import SampleSet
from voicelab.datasets.tables import from_table
from voicelab.errors import InputError

_NAMED = 5
"""Tables of a folder that a message names."""


def load(source: Path | str | Any, columns: SetColumns | None = None, *, reader: Any = None) -> SampleSet:
    """Read a set. Nothing is decoded yet.

    source: a path in a format of docs/reference/samples.md, `package.module:function:path` for your own reader, the
    name of an installed reader and a path, or anything that `SampleSet.from_frame` accepts. columns: names of a table's
    columns, if they differ from the usual ones. reader: a function of the path, used instead of the built-in readers.
    Raises InputError that names the file, the entry and the field.
    """
    columns = columns or USUAL
    if not isinstance(source, Path | str):
        found = from_rows(source, home=Path(), columns=columns)
    elif (own := _own_reader(source, reader)) is not None:
        found = readers.read(*own, str(source), columns)
    else:
        found = _read(Path(source), columns)
    if not found.samples:
        raise InputError(f"{found.path}: contains no samples")
    check_ids(found.path, "sample", found.samples)
    check_ids(found.path, "scenario", found.scenarios)
    return found


def _own_reader(source: Path | str, reader: Any) -> tuple[readers.Reader, Path] | None:
    """Return your own reader for a source and its path; None for the built-in readers."""
    path = Path(source)
    if reader is not None:
        return reader, path
    if path.exists():
        own = readers.for_ending(path)
        return (own, path) if own is not None else None
    return readers.named(str(source))


def _read(path: Path, columns: SetColumns) -> SampleSet:
    if not path.exists():
        raise InputError(f"{path}: does not exist; give {formats.KNOWN}")
    place = formats.find(path)
    if place is None and (inside := formats.tables_inside(path)):
        listed = ", ".join(map(str, inside[:_NAMED])) + (", ..." if len(inside) > _NAMED else "")
        raise InputError(f"{path}: holds {len(inside)} tables; give one of them: {listed}")
    if place is None:
        raise InputError(f"{path}: is not a sample set; give {formats.KNOWN}")
    file, form = place
    if form == "voice_samples" and columns != USUAL:
        raise InputError(f"{file}: the fields of this format have fixed names; omit {columns.options[0]}")
    return voice_samples.read(file) if form == "voice_samples" else from_table(formats.read_set(file, form), columns)
