"""Reads Parquet tables, as used for Hugging Face datasets.

The audio column contains paths, or structs `{"bytes", "path"}` with the encoded audio.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from voicelab.datasets.rows import Table, TableRow
from voicelab.errors import InputError


def read(path: Path) -> Table:
    """Read the rows of a .parquet file without embedded audio; Row.number is the row's position from 1."""
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        sound = _sound_columns(file)
        # Read only the paths: the audio may be gigabytes.
        columns = [f"{name}.path" if name in sound else name for name in file.schema_arrow.names]
        found = file.read(columns=columns).to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{path}: cannot be read as parquet: {error}") from error
    rows = [TableRow(number, _flat(values, sound)) for number, values in enumerate(found, start=1)]
    return Table(path, tuple(file.schema_arrow.names), tuple(rows), path.parent)


def holds_sound(path: Path, column: str) -> bool:
    """Return whether a column of a parquet table contains encoded audio instead of paths."""
    from pyarrow import parquet

    return column in _sound_columns(parquet.ParquetFile(path))


def embedded_audio(path: Path, column: str, number: int) -> bytes:
    """Return the encoded audio in a column of a row, counted from 1. Raises InputError for an empty cell."""
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    left = number - 1
    for group in range(file.num_row_groups):
        length = file.metadata.row_group(group).num_rows
        if left < length:
            data = _group(path, group, f"{column}.bytes")[left]
            if not data:
                raise InputError(f"{path}: row {number}: field {column!r} contains no audio")
            return bytes(data)
        left -= length
    raise InputError(f"{path}: has no row {number}")


@lru_cache(maxsize=1)
def _group(path: Path, group: int, column: str) -> list[bytes | None]:
    """Return the audio of one row group; the last one is cached, because rows are usually read in order."""
    from pyarrow import parquet

    found = parquet.ParquetFile(path).read_row_group(group, columns=[column])
    return [cell["bytes"] if cell else None for cell in found.column(0).to_pylist()]


def _sound_columns(file: Any) -> frozenset[str]:
    """Return the columns whose cells are structs of `bytes` and `path`."""
    import pyarrow

    found = set()
    for name in file.schema_arrow.names:
        kind = file.schema_arrow.field(name).type
        if pyarrow.types.is_struct(kind) and {"bytes", "path"} <= {field.name for field in kind}:
            found.add(name)
    return frozenset(found)


def _flat(values: Mapping[str, Any], sound: frozenset[str]) -> Mapping[str, Any]:
    """Return a row with audio cells replaced by the names of their recordings."""
    return {name: (value or {}).get("path") if name in sound else value for name, value in values.items()}
