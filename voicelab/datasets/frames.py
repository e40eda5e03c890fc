"""A sample set from a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.datasets.loading import from_table
from voicelab.datasets.rows import Table, TableRow
from voicelab.datasets.sample_fields import check_ids
from voicelab.datasets.samples import SampleSet
from voicelab.errors import InputError
from voicelab.metrics.tool_calls import Call

if TYPE_CHECKING:
    import pandas as pd

_RENAMED = {"audio_path": "audio_filepath", "offset_s": "offset", "duration_s": "duration"}
"""What `SampleSet.to_frame` calls a manifest's columns."""


def from_frame(frame: pd.DataFrame, home: Path) -> SampleSet:
    """The rows as samples; see `SampleSet.from_frame`."""
    rows = [TableRow(number, _values(row)) for number, row in enumerate(frame.to_dict("records"), start=1)]
    source = (home / "DataFrame").absolute()
    for row in rows:
        if row.values.get("audio_kind", "file") != "file":
            raise InputError(
                f"DataFrame: row {row.number}: audio_kind {row.values['audio_kind']!r}: a frame refers to sound files; "
                "write the set with save() to have files"
            )
    found = from_table(Table.of(source, rows, home=home.absolute()))
    check_ids(source, "sample", found.samples)
    return found


def _values(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The cells that hold something, under the names of a manifest."""
    return {_RENAMED.get(str(name), str(name)): _plain(value) for name, value in row.items() if not _is_empty(value)}


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [{"name": one.name, "arguments": dict(one.arguments)} if isinstance(one, Call) else one for one in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _is_empty(value: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))
