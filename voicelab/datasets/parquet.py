"""Parquet tables, as Hugging Face datasets are stored.

A column of recordings may hold paths, or structs `{"bytes", "path"}` with the encoded sound itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from voicelab.datasets.rows import AUDIO_COLUMNS, Table, TableRow
from voicelab.errors import InputError


def read(path: Path) -> Table:
    """The rows of a .parquet file, without embedded sound; Row.number is the row's place from 1."""
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        audio = _embedded(file)
        # Reading only the paths leaves gigabytes of sound where they are.
        columns = [f"{name}.path" if name == audio else name for name in file.schema_arrow.names]
        found = file.read(columns=columns).to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{path}: cannot be read as parquet: {error}") from error
    rows = [TableRow(number, _flat(values, audio)) for number, values in enumerate(found, start=1)]
    return Table(path, tuple(file.schema_arrow.names), tuple(rows), path.parent)


def embedded_column(table: Table) -> str | None:
    """The column of a parquet table that holds encoded sound, or None."""
    from pyarrow import parquet

    return _embedded(parquet.ParquetFile(table.path))


def embedded_audio(path: Path, number: int) -> bytes:
    """The encoded sound of a row, by its place from 1; InputError when the cell is empty."""
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    column = _embedded(file)
    left = number - 1
    for group in range(file.num_row_groups):
        length = file.metadata.row_group(group).num_rows
        if left < length:
            data = _group(path, group, f"{column}.bytes")[left]
            if not data:
                raise InputError(f"{path}: row {number}: field {column!r} holds no sound")
            return bytes(data)
        left -= length
    raise InputError(f"{path}: has no row {number}")


@lru_cache(maxsize=1)
def _group(path: Path, group: int, column: str) -> list[bytes | None]:
    """The sound of one row group; the latest is kept, as rows are mostly read in order."""
    from pyarrow import parquet

    found = parquet.ParquetFile(path).read_row_group(group, columns=[column])
    return [cell["bytes"] if cell else None for cell in found.column(0).to_pylist()]


def _embedded(file: Any) -> str | None:
    import pyarrow

    for name in AUDIO_COLUMNS:
        if name in file.schema_arrow.names:
            kind = file.schema_arrow.field(name).type
            parts = {kind.field(place).name for place in range(kind.num_fields)}
            if pyarrow.types.is_struct(kind) and {"bytes", "path"} <= parts:
                return name
    return None


def _flat(values: Mapping[str, Any], audio: str | None) -> Mapping[str, Any]:
    """A row whose cell of sound is the name of its recording."""
    return {name: (value or {}).get("path") if name == audio else value for name, value in values.items()}
