"""Writes the next version of a sample set, and the history of how it came to be."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from voicelab import datasets, provenance
from voicelab.audit.corrections import Correction
from voicelab.datasets import Sample, SampleSet
from voicelab.errors import InputError

HISTORY = "history.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(_Record):
    """The version that a version was made from. samples_sha256: of all its samples, as run.json of a run holds it."""

    version: str
    file: str
    file_sha256: str
    samples_sha256: str


class Applied(_Record):
    """A decision as it was carried out. What is None in the new_ fields stayed as it was."""

    sample_id: str
    action: Literal["correct", "drop", "keep"]
    old_text: str
    new_text: str | None = None
    old_expected_entities: tuple[str, ...]
    new_expected_entities: tuple[str, ...] | None = None
    old_expected_intent: str | None
    new_expected_intent: str | None = None
    who: str | None = None
    when: str | None = None
    why: str | None = None


class Version(_Record):
    """One step: what was made, from what, by which corrections, and the scenarios that lost a turn and went with it."""

    version: str
    made_at: datetime
    samples_sha256: str
    made_from: Origin
    corrections: tuple[Applied, ...]
    scenarios_dropped: tuple[str, ...] = ()


class History(_Record):
    """history.json: every version but the first, the oldest first."""

    format_version: Literal[1] = 1
    versions: tuple[Version, ...]


def write(old: SampleSet, corrections: Sequence[Correction], folder: Path, *, version: str | None = None) -> SampleSet:
    """Make the new version in `folder`, which must not be there, and read it back.

    Recordings are copied byte for byte, so that the folder stands alone; the old set is left untouched. version: its
    number; by default the old one's with the last part raised by one (a set without a number is version 1).
    Raises InputError where nothing would change, or the folder is there.
    """
    if not corrections:
        raise InputError("no row of the corrections has an action; there is nothing to do")
    if folder.exists():
        raise InputError(f"{folder}: is there already; a new version gets a new folder")
    dropped = {one.sample_id for one in corrections if one.action == "drop"}
    if len(dropped) == len(old.samples):
        raise InputError("the corrections drop every sample of the set")
    number = version or _next(current_version(old))
    changes = {one.sample_id: one for one in corrections}
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        moved = _copy_recordings(old, draft, dropped)
        text = _WRITERS[old.path.suffix](old, changes, moved, number)
        (draft / old.path.name).write_text(text, encoding="utf-8")
        new = datasets.load(draft / old.path.name)
        history = History(versions=(*read_history(old), _step(old, new, corrections, number)))
        (draft / HISTORY).write_text(history.model_dump_json(indent=2) + "\n", encoding="utf-8")
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return datasets.load(folder / old.path.name)


def read_history(found: SampleSet) -> tuple[Version, ...]:
    """The versions that led to a set; empty for one that was never corrected."""
    path = found.path.parent / HISTORY
    if not path.is_file():
        return ()
    try:
        return History.model_validate_json(path.read_text(encoding="utf-8")).versions
    except ValidationError as error:
        raise InputError(f"{path}: not a history: {error.errors()[0]['msg']}") from error


def current_version(found: SampleSet) -> str:
    """By its history, else by its metadata, else "1"."""
    steps = read_history(found)
    return steps[-1].version if steps else str(found.metadata.get("version", "1"))


def _next(version: str) -> str:
    last = re.search(r"\d+$", version)
    if last is None:
        raise InputError(f"the set's version {version!r} does not end in a number; name the next one with --version")
    return version[: last.start()] + str(int(last[0]) + 1)


def _step(old: SampleSet, new: SampleSet, corrections: Sequence[Correction], number: str) -> Version:
    gone = {one.id for one in old.scenarios} - {one.id for one in new.scenarios}
    return Version(
        version=number,
        made_at=datetime.now(UTC),
        samples_sha256=provenance.samples_sha256(new),
        made_from=Origin(
            version=current_version(old),
            file=old.path.name,
            file_sha256=hashlib.sha256(old.path.read_bytes()).hexdigest(),
            samples_sha256=provenance.samples_sha256(old),
        ),
        corrections=tuple(_applied(old.sample(one.sample_id), one) for one in corrections),
        scenarios_dropped=tuple(one.id for one in old.scenarios if one.id in gone),
    )


def _applied(sample: Sample, one: Correction) -> Applied:
    given = asdict(one)
    return Applied(
        old_expected_entities=sample.expected_entities,
        old_expected_intent=sample.expected_intent,
        new_expected_entities=given.pop("expected_entities"),
        new_expected_intent=given.pop("expected_intent"),
        **given,
    )


def _copy_recordings(old: SampleSet, folder: Path, dropped: set[str]) -> dict[str, str]:
    """Where each sample's recording lies in the new folder: as before, unless that was outside the set's folder."""
    places = {}
    home = old.path.parent.resolve()
    for sample in old.samples:
        if sample.id in dropped:
            continue
        sample.audio_bytes()  # a recording that is not the one its checksum names must not get into a new version
        source = sample.audio_path.resolve()
        inside = source.is_relative_to(home)
        place = source.relative_to(home) if inside else Path("audio", f"{sample.id}{source.suffix}")
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(source, target)
        places[sample.id] = place.as_posix()
    return places


def _change(row: dict[str, Any], one: Correction | None, *, entities: Any) -> None:
    if one is None:
        return
    if one.new_text is not None:
        row["text"] = one.new_text
    if one.expected_entities is not None:
        row["expected_entities"] = entities(one.expected_entities)
    if one.expected_intent is not None:
        row["expected_intent"] = one.expected_intent


def _seed_json(old: SampleSet, changes: Mapping[str, Correction], moved: Mapping[str, str], number: str) -> str:
    document = json.loads(old.path.read_text(encoding="utf-8-sig"))
    scenarios = "multi_turn_scenarios"
    for category, rows in document["samples"].items():
        if category == scenarios:
            continue
        kept = [row for row in rows if row["id"] in moved]
        for row in kept:
            _change(row, changes.get(row["id"]), entities=list)
            field = next(name for name in ("audio_path", "encoded_path", "wav_path") if row.get(name) is not None)
            row[field] = moved[row["id"]]
        document["samples"][category] = kept
    for holder in (document, document["samples"]):
        if scenarios in holder:
            holder[scenarios] = [row for row in holder[scenarios] if set(row["turns"]) <= moved.keys()]
    document["metadata"] = (document.get("metadata") or {}) | {"version": number}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _jsonl(old: SampleSet, changes: Mapping[str, Correction], moved: Mapping[str, str], _number: str) -> str:
    rows = [json.loads(line) for line in old.path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    lines = []
    for sample, row in zip(old.samples, rows, strict=True):
        if sample.id in moved:
            _change(row, changes.get(sample.id), entities=list)
            lines.append(json.dumps(row | {"audio_filepath": moved[sample.id]}, ensure_ascii=False) + "\n")
    return "".join(lines)


def _csv(old: SampleSet, changes: Mapping[str, Correction], moved: Mapping[str, str], _number: str) -> str:
    reader = csv.DictReader(old.path.read_text(encoding="utf-8-sig").splitlines())
    rows = list(reader)
    columns = list(reader.fieldnames or ())
    kept = []
    for sample, row in zip(old.samples, rows, strict=True):
        if sample.id in moved:
            _change(row, changes.get(sample.id), entities=";".join)
            kept.append(row | {"audio_filepath": moved[sample.id]})
    columns += [name for row in kept for name in row if name not in columns]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(columns)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(kept)
    return text.getvalue()


_WRITERS = {".json": _seed_json, ".jsonl": _jsonl, ".csv": _csv}
