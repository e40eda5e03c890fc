"""Create sample sets from rows in memory: a DataFrame, a Hugging Face dataset, lhotse cuts, or mappings.

The packages that created the rows are not imported.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from voicelab.datasets.columns import USUAL, SetColumns
from voicelab.datasets.fields import check_ids
from voicelab.datasets.memory_sound import EncodedSound, encoded_sound
from voicelab.datasets.rows import AUDIO_COLUMNS, Table, TableRow
from voicelab.datasets.samples import SampleSet
from voicelab.datasets.tables import from_table
from voicelab.errors import InputError
from voicelab.metrics.tool_calls import Call

_RENAMED = {"audio_path": "audio_filepath", "offset_s": "offset", "duration_s": "duration"}
"""The names of a manifest's columns in `SampleSet.to_frame`."""
_WANTED = "a pandas or polars DataFrame, a datasets.Dataset, lhotse cuts, or an iterable of mappings"


def from_rows(source: Any, *, home: Path, path: Path | None = None, columns: SetColumns = USUAL) -> SampleSet:
    """Return the rows as samples; see `SampleSet.from_frame`. path: the name of the source, for messages."""
    name = path or Path(type(source).__name__)
    audio = {columns.audio} if columns.audio is not None else set(AUDIO_COLUMNS)
    rows = [
        TableRow(number, _values(row, audio, f"{name}: row {number}"))
        for number, row in enumerate(_rows_of(source), start=1)
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


def _rows_of(source: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a table, dataset or cut set as mappings. Raises InputError for anything else."""
    if isinstance(source, Mapping):
        # A datasets.DatasetDict is a mapping of splits.
        raise InputError(f"a sample set is made from {_WANTED}, not from {_kind(source)}; choose one of its entries")
    if hasattr(source, "collect") and hasattr(source, "lazy"):
        source = source.collect()  # polars.LazyFrame
    if hasattr(source, "to_dicts") and hasattr(source, "columns"):
        yield from source.to_dicts()  # polars.DataFrame; a lhotse set has to_dicts too
    elif hasattr(source, "to_dict") and hasattr(source, "columns"):
        yield from source.to_dict("records")  # pandas.DataFrame
    elif hasattr(source, "cast_column"):
        yield from _encoded(source)
    elif isinstance(source, Iterable) and not isinstance(source, str | bytes):
        yield from map(_row, source)
    else:
        raise InputError(f"a sample set is made from {_WANTED}, not from {_kind(source)}")


def _row(row: Any) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return row
    if hasattr(row, "supervisions") and hasattr(row, "duration"):
        return _of_cut(row)
    raise InputError(f"a sample set is made from {_WANTED}; a row is {_kind(row)}")


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _encoded(source: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a datasets.Dataset with audio as it is stored, so that nothing is decoded."""
    import datasets

    for name, feature in (source.features or {}).items():
        if isinstance(feature, datasets.Audio):
            source = source.cast_column(name, datasets.Audio(decode=False))
    yield from source


def _of_cut(cut: Any) -> dict[str, Any]:
    """Return a lhotse cut as a row. A part of a mono sound file stays a reference to the file; others are decoded."""
    supervisions = sorted(cut.supervisions, key=lambda one: one.start)
    first = supervisions[0] if supervisions else None
    row: dict[str, Any] = {
        **((first.custom if first is not None else None) or {}),
        "id": cut.id,
        "text": " ".join(one.text for one in supervisions if one.text),
        "speaker": first.speaker if first is not None else None,
        "language": first.language if first is not None else None,
    }
    recording = getattr(cut, "recording", None)
    if recording is None or not _is_mono_file(recording):
        return row | {"audio": {"array": cut.load_audio()[0], "sampling_rate": cut.sampling_rate, "path": cut.id}}
    row["audio_filepath"] = recording.sources[0].source
    if cut.start or abs(cut.duration - recording.duration) > 1e-3:
        row |= {"offset": cut.start, "duration": cut.duration}
    return row


def _is_mono_file(recording: Any) -> bool:
    return (
        len(recording.sources) == 1
        and recording.sources[0].type == "file"
        and recording.num_channels == 1
        and not recording.transforms
    )
