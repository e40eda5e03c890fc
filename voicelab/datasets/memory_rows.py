"""Iterate over rows of tables in memory, without importing the packages that created them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from voicelab.errors import InputError

_WANTED = "a pandas or polars DataFrame, a datasets.Dataset, lhotse cuts, or an iterable of mappings"


def rows_of(source: Any) -> Iterator[Mapping[str, Any]]:
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
        for row in source:
            yield _row(row)
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
