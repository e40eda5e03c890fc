"""Write the file of a set's next version, in the old set's format if that is writable."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from voicelab.analysis.audit.corrections import Correction
from voicelab.datasets import Sample, SampleSet, formats
from voicelab.datasets.rows import AUDIO_COLUMNS, ID_COLUMNS, TEXT_COLUMNS, Table, TableRow
from voicelab.datasets.text_files import read_text
from voicelab.datasets.voice_samples import AUDIO_FIELDS
from voicelab.errors import InputError

_OTHERS = "samples.jsonl"
"""The file name for sets in read-only formats: Kaldi, LibriSpeech, a folder, parquet."""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """The next version of `old`. places: paths of the remaining recordings, by sample id."""

    old: SampleSet
    changes: Mapping[str, Correction]
    places: Mapping[str, Path]
    number: str


def file_of(old: SampleSet) -> str:
    """The name of the new version's file."""
    return old.path.name if _file_and_form(old)[1] in _WRITERS else _OTHERS


def text_of(plan: FilePlan) -> bytes:
    """The content of the new version's file."""
    _, form = _file_and_form(plan.old)
    data = _WRITERS.get(form, _jsonl)(plan).encode()
    return gzip.compress(data, mtime=0) if form in _WRITERS and plan.old.path.suffix.lower() == ".gz" else data


def _file_and_form(old: SampleSet) -> tuple[Path, formats.Form]:
    found = formats.find(old.path)
    if found is None:
        raise InputError(f"{old.path}: is not a sample set; give {formats.KNOWN}")
    return found


def _change(
    row: dict[str, Any], one: Correction | None, text: str, *, entities: Callable[[Sequence[str]], Any]
) -> None:
    if one is None:
        return
    if one.new_text is not None:
        row[text] = one.new_text
    if one.expected_entities is not None:
        row["expected_entities"] = entities(one.expected_entities)
    if one.expected_intent is not None:
        row["expected_intent"] = one.expected_intent


def _seed_json(plan: FilePlan) -> str:
    document = json.loads(read_text(plan.old.path))
    scenarios = "multi_turn_scenarios"
    for category, rows in document["samples"].items():
        if category == scenarios:
            continue
        kept = [row for row in rows if row["id"] in plan.places]
        for row in kept:
            _change(row, plan.changes.get(row["id"]), "text", entities=list)
            field = next(name for name in AUDIO_FIELDS if row.get(name) is not None)
            row[field] = plan.places[row["id"]].as_posix()
        document["samples"][category] = kept
    for holder in (document, document["samples"]):
        if scenarios in holder:
            holder[scenarios] = [row for row in holder[scenarios] if set(row["turns"]) <= plan.places.keys()]
    document["metadata"] = (document.get("metadata") or {}) | {"version": plan.number}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rows(plan: FilePlan, *, entities: Callable[[Sequence[str]], Any]) -> tuple[Table, list[dict[str, Any]]]:
    """The old set's table, and the rows of the new version."""
    table = formats.read_set(*_file_and_form(plan.old))
    columns = plan.old.columns
    text = columns.reference or table.column(TEXT_COLUMNS)
    audio = columns.audio or table.column(AUDIO_COLUMNS)
    assert text is not None
    assert audio is not None
    kept = []
    for sample, row in zip(plan.old.samples, table.rows, strict=True):
        if sample.id in plan.places:
            values = _moved(row, sample, audio, columns.id or ID_COLUMNS[0], plan.places[sample.id])
            _change(values, plan.changes.get(sample.id), text, entities=entities)
            kept.append(values)
    return table, kept


def _moved(row: TableRow, sample: Sample, audio: str, own_id: str, place: Path) -> dict[str, Any]:
    """A row with the path of the copied recording, and an id if the copy's name would change the sample's id."""
    named = {} if row.values.get(own_id) or PurePath(place).stem == sample.id else {own_id: sample.id}
    return {**row.values, audio: place.as_posix(), **named}


def _jsonl(plan: FilePlan) -> str:
    _, rows = _rows(plan, entities=list)
    # A parquet table may have types that JSON lacks, such as dates.
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)


def _table_rows(plan: FilePlan) -> tuple[list[str], list[list[str]]]:
    table, rows = _rows(plan, entities=";".join)
    columns = list(dict.fromkeys((*table.columns, *(name for row in rows for name in row))))
    return columns, [[str(row.get(name, "")) for name in columns] for row in rows]


def _csv(plan: FilePlan) -> str:
    columns, rows = _table_rows(plan)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue()


def _tsv(plan: FilePlan) -> str:
    columns, rows = _table_rows(plan)
    for row in rows:
        if bad := next((cell for cell in row if set(cell) & set("\t\r\n")), None):
            raise InputError(f"{plan.old.path}: {bad!r}: a cell of a .tsv file must not contain a tab or a line break")
    return "".join("\t".join(row) + "\n" for row in [columns, *rows])


_WRITERS: Mapping[str, Callable[[FilePlan], str]] = {
    "voice_samples": _seed_json,
    "jsonl": _jsonl,
    "csv": _csv,
    "tsv": _tsv,
}
