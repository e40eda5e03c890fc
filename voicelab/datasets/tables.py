"""Converts the rows of a table to samples."""

from dataclasses import replace
from pathlib import Path

from voicelab.datasets import naming, parquet
from voicelab.datasets.columns import USUAL, SetColumns, option
from voicelab.datasets.fields import Fields, sample
from voicelab.datasets.memory_sound import EncodedSound
from voicelab.datasets.rows import AUDIO_COLUMNS, ID_COLUMNS, SPEAKER_COLUMNS, TEXT_COLUMNS, Table, TableRow
from voicelab.datasets.samples import Sample, SampleSet
from voicelab.errors import InputError

_TIMES = (
    ("start", "end"), ("begin", "end"), ("start_time", "end_time"), ("begin_time", "end_time"), ("start_s", "end_s"),
    ("start_ms", "end_ms"), ("segment_start", "segment_end"),
)  # fmt: skip
"""Columns that give the times of segments in other tools' manifests."""


def from_table(table: Table, columns: SetColumns = USUAL) -> SampleSet:
    """Convert rows to samples. Raises InputError if the recordings or the texts are missing."""
    if not table.rows:
        raise InputError(f"{table.path}: contains no samples")
    options = {field: option(field, in_python=table.in_memory) for field in ("audio", "reference", "id", "speaker")}
    audio = table.chosen(columns.audio, AUDIO_COLUMNS, options["audio"])
    text = table.chosen(columns.reference, TEXT_COLUMNS, options["reference"])
    for found, known, what, field in (
        (audio, AUDIO_COLUMNS, "a recording", "audio"),
        (text, TEXT_COLUMNS, "a text", "reference"),
    ):
        if found is None:
            others = f"or {', '.join(known[1:])}; a sample needs {what}; the columns are: {table.listed()}"
            raise table.fail(table.rows[0], known[0], f"is missing ({others}; name one with {options[field]})")
    assert audio is not None
    assert text is not None
    names = {"text": text, "audio_filepath": audio}
    for ours, theirs in (
        ("id", table.chosen(columns.id, ID_COLUMNS, options["id"])),
        ("speaker", table.chosen(columns.speaker, SPEAKER_COLUMNS, options["speaker"])),
    ):
        if theirs is not None:
            names[ours] = theirs
    embedded = audio if table.path.suffix.lower() == ".parquet" and parquet.holds_sound(table.path, audio) else None
    own_id = names.get("id", "id")
    unnamed = [str(row.values[audio]) for row in table.rows if not row.values.get(own_id) and row.values.get(audio)]
    parts = naming.depth(unnamed)
    samples = tuple(_sample(table, row, names, parts, embedded=embedded) for row in table.rows)
    notices = (*table.notices, *_other_segments(table))
    return SampleSet(table.path, samples, notices=notices, columns=columns)


def _other_segments(table: Table) -> list[str]:
    """A notice about columns that look like the times of segments, which only `offset` and `duration` select."""
    pair = next((pair for pair in _TIMES if set(pair) <= set(table.columns)), None)
    if pair is None or "offset" in table.columns:
        return []
    return [
        f"{table.path}: the columns {pair[0]!r} and {pair[1]!r} are not used, and each row is its whole recording; if "
        "they are segments of it, write `offset` and `duration` in seconds"
    ]


def _sample(table: Table, row: TableRow, names: dict[str, str], parts: int, *, embedded: str | None) -> Sample:
    own = {**row.values, **{ours: row.values.get(theirs) for ours, theirs in names.items()}}
    fields = Fields(row.file or table.path, table.entry(row), own, home=table.home, names=names)
    sample_id, category = fields.name("id"), fields.text_or_none("category") or "samples"
    if embedded is not None:
        name = row.values.get(embedded)
        sample_id = sample_id or (naming.name(name, parts) if name else f"row {row.number}")
        found = sample(fields, sample_id, category, table.path, "parquet")
        return replace(found, row=row.number, audio_column=embedded)
    sound = own["audio_filepath"]
    if isinstance(sound, EncodedSound):
        found = sample(fields, sample_id or naming.name(sound.name, parts), category, Path(sound.name), "memory")
        return replace(found, encoded=sound.data)
    # Common Voice names recordings in `path` and stores them in `clips`.
    audio = fields.file("audio_filepath", below=("", "clips") if names["audio_filepath"] == "path" else ("",))
    sample_id = sample_id or naming.name(fields.text("audio_filepath"), parts, fields.seconds("offset"))
    return sample(fields, sample_id, category, audio, "file")
