"""A sample set from any of the formats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from voicelab.datasets import formats, naming, parquet, voice_samples
from voicelab.datasets.fields import Fields
from voicelab.datasets.rows import AUDIO_COLUMNS, SPEAKER_COLUMNS, TEXT_COLUMNS, Table, TableRow
from voicelab.datasets.sample_fields import check_ids, sample
from voicelab.datasets.samples import Sample, SampleSet
from voicelab.errors import InputError


def load(path: Path | str) -> SampleSet:
    """Read a set; docs/reference/samples.md lists the formats. Nothing is decoded yet.

    Raises InputError that names the file, the entry and the field.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: cannot be read: it is not there; give {formats.KNOWN}")
    place = formats.find(path)
    if place is None:
        raise InputError(f"{path}: is not a sample set; give {formats.KNOWN}")
    file, form = place
    found = voice_samples.read(file) if form == "voice_samples" else from_table(formats.read_set(file, form))
    if not found.samples:
        raise InputError(f"{file}: there are no samples in it")
    check_ids(file, "sample", found.samples)
    check_ids(file, "scenario", found.scenarios)
    return found


def from_table(table: Table) -> SampleSet:
    """The rows of a table as samples; InputError when it does not say where the recordings are or what is said."""
    audio, text = table.column(AUDIO_COLUMNS), table.column(TEXT_COLUMNS)
    if not table.rows:
        raise InputError(f"{table.path}: there are no samples in it")
    for found, known, what in ((audio, AUDIO_COLUMNS, "a recording"), (text, TEXT_COLUMNS, "a text")):
        if found is None:
            others = f"or {', '.join(known[1:])}; a sample needs {what}; the columns are: {table.listed()}"
            raise table.fail(table.rows[0], known[0], f"is missing ({others})")
    names = {"text": text, "speaker": table.column(SPEAKER_COLUMNS), "audio_filepath": audio}
    embedded = parquet.embedded_column(table) if table.path.suffix.lower() == ".parquet" else None
    assert audio is not None
    unnamed = [str(row.values[audio]) for row in table.rows if not row.values.get("id") and row.values.get(audio)]
    parts = naming.depth(unnamed)
    samples = tuple(_sample(table, row, names, parts, embedded=embedded) for row in table.rows)
    return SampleSet(table.path, samples, notices=table.notices)


def _sample(table: Table, row: TableRow, names: dict[str, str | None], parts: int, *, embedded: str | None) -> Sample:
    fields = Fields(row.file or table.path, f"line {row.number}", _own_names(row, names), home=table.home)
    sample_id, category = fields.name("id"), fields.text_or_none("category") or "samples"
    if embedded is not None:
        name = row.values.get(embedded)
        sample_id = sample_id or (naming.name(name, parts) if name else f"row {row.number}")
        return replace(sample(fields, sample_id, category, table.path, "parquet"), row=row.number)
    # Common Voice names recordings by `path`, and keeps them in `clips`.
    audio = fields.file("audio_filepath", below=("", "clips") if names["audio_filepath"] == "path" else ("",))
    sample_id = sample_id or naming.name(fields.text("audio_filepath"), parts, fields.seconds("offset"))
    return sample(fields, sample_id, category, audio, "file")


def _own_names(row: TableRow, names: dict[str, str | None]) -> dict[str, Any]:
    """The row with the table's names of text, speaker and recording replaced by ours."""
    return {**row.values, **{ours: row.values.get(theirs) for ours, theirs in names.items() if theirs is not None}}
