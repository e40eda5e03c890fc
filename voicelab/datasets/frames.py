"""Create sample sets from rows in memory: a DataFrame, a Hugging Face dataset, lhotse cuts, or mappings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voicelab.datasets.columns import USUAL, SetColumns
from voicelab.datasets.fields import check_ids
from voicelab.datasets.memory_rows import rows_of
from voicelab.datasets.memory_sound import EncodedSound, encoded_sound
from voicelab.datasets.rows import AUDIO_COLUMNS, Table, TableRow
from voicelab.datasets.samples import SampleSet
from voicelab.datasets.tables import from_table
from voicelab.errors import InputError
from voicelab.metrics.tool_calls import Call

_RENAMED = {"audio_path": "audio_filepath", "offset_s": "offset", "duration_s": "duration"}
"""The names of a manifest's columns in `SampleSet.to_frame`."""


def from_rows(source: Any, *, home: Path, path: Path | None = None, columns: SetColumns = USUAL) -> SampleSet:
    """Return the rows as samples; see `SampleSet.from_frame`. path: the name of the source, for messages."""
    name = path or Path(type(source).__name__)
    audio = {columns.audio} if columns.audio is not None else set(AUDIO_COLUMNS)
    rows = [
        TableRow(number, _values(row, audio, f"{name}: row {number}"))
        for number, row in enumerate(rows_of(source), start=1)
    ]
    for row in rows:
        if row.values.get("audio_kind", "file") != "file":
            raise InputError(
                f"{name}: row {row.number}: audio_kind {row.values['audio_kind']!r}: a frame refers to sound files; "
                "write the set with save() to have files"
            )
    found = from_table(Table.of(name, rows, home=home.absolute(), in_memory=path is None), columns)
    check_ids(name, "sample", found.samples)
    return found


def _values(row: Mapping[Any, Any], audio: set[str], where: str) -> dict[str, Any]:
    """Return the non-empty cells, with the names of a manifest."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        name = str(key)
        if name in audio and isinstance(value, bytes | Mapping):
            found[name] = encoded_sound(value, f"{where}: field {name!r}")
        elif not _is_empty(value):
            found[_RENAMED.get(name, name)] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, EncodedSound):
        return value
    value = value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [{"name": one.name, "arguments": dict(one.arguments)} if isinstance(one, Call) else one for one in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _is_empty(value: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))
