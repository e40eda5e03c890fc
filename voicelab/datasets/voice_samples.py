"""Reads voice_samples.json: samples by category, scenarios, and audio as files or `audio_chunk` events."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from voicelab.datasets import strict_json
from voicelab.datasets.fields import Fields, check_ids, sample
from voicelab.datasets.rows import Table, TableRow
from voicelab.datasets.samples import AudioKind, Sample, SampleSet, Scenario
from voicelab.datasets.text_files import read_text
from voicelab.errors import InputError

NAME = "voice_samples.json"
AUDIO_FIELDS = ("audio_path", "encoded_path", "wav_path")
"""Fields with the path of the audio, in order of preference."""
_SCENARIOS = "multi_turn_scenarios"


def read(path: Path) -> SampleSet:
    document = _document(path)
    metadata = document.get("metadata", {})
    language = Fields(path, "metadata", metadata).language(None)
    samples = [
        _seed_sample(path, category, number, row, language) for category, number, row in _entries(path, document)
    ]
    check_ids(path, "sample", samples)
    by_id = {one.id: one for one in samples}
    # The original file lists its scenarios among the categories, ours next to them.
    rows = document["samples"].get(_SCENARIOS) or document.get(_SCENARIOS, [])
    scenarios = tuple(_scenario(path, number, row, by_id) for number, row in enumerate(rows))
    configurations = document.get("test_configurations", {})
    return SampleSet(path, tuple(samples), scenarios, metadata, configurations)


def table(path: Path) -> Table:
    """Return the entries as rows, for their texts only; Row.number is the entry's position in the file."""
    rows = []
    for number, (category, place, row) in enumerate(_entries(path, _document(path)), start=1):
        Fields(path, f"samples.{category}[{place}]", row)
        rows.append(TableRow(number, row))
    return Table.of(path, rows)


def _document(path: Path) -> dict[str, Any]:
    try:
        document = strict_json.loads(read_text(path))
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("samples"), dict):
        raise InputError(f"{path}: field 'samples' must be an object of categories, each a list of samples")
    return document


def _entries(path: Path, document: Mapping[str, Any]) -> Iterator[tuple[str, int, Any]]:
    for category, rows in document["samples"].items():
        if category == _SCENARIOS:
            continue
        if not isinstance(rows, list):
            raise InputError(f"{path}: samples.{category}: must be a list of samples")
        for number, row in enumerate(rows):
            yield category, number, row


def _seed_sample(path: Path, category: str, number: int, row: Any, language: str | None) -> Sample:
    fields = Fields(path, f"samples.{category}[{number}]", row)
    sample_id = fields.text("id")
    fields = Fields(path, f"samples.{category}[{number}] ({sample_id})", row)
    # The original set ships encoded events; its wav_path refers to files that it does not include.
    name = next((one for one in AUDIO_FIELDS if fields.has(one)), None)
    if name is None:
        raise fields.fail("audio_path", "is missing (or encoded_path, or wav_path)")
    kind: AudioKind = "event" if name == "encoded_path" else "file"
    return sample(fields, sample_id, category, fields.file(name), kind, language=language)


def _scenario(path: Path, number: int, row: Any, by_id: Mapping[str, Sample]) -> Scenario:
    fields = Fields(path, f"{_SCENARIOS}[{number}]", row)
    turns = fields.texts("turns")
    if not turns:
        raise fields.fail("turns", "must name at least one sample")
    if unknown := [turn for turn in turns if turn not in by_id]:
        raise fields.fail("turns", f"names a sample that does not exist: {unknown[0]!r}")
    return Scenario(
        id=fields.text("id"),
        description=fields.text_or_none("description") or "",
        turns=tuple(by_id[turn] for turn in turns),
        expected_session_entities=fields.texts("expected_session_entities"),
    )
