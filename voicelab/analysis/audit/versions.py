"""Write the next version of a sample set and its history."""

import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from voicelab import datasets
from voicelab.analysis.audit import copies, set_files
from voicelab.analysis.audit.corrections import Correction
from voicelab.datasets import Sample, SampleSet
from voicelab.errors import InputError, StorageError
from voicelab.runs import file_errors, provenance, storage
from voicelab.runs.record_file import Record, read_record

HISTORY = "history.json"


class Origin(Record):
    """The version that a version was made from.

    samples_sha256: digest of all its samples, as in run.json. file_sha256: None for a set that is a folder.
    """

    version: str
    file: str
    file_sha256: str | None
    samples_sha256: str


class Applied(Record):
    """An applied decision. Fields new_... that are None did not change."""

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


class Version(Record):
    """One step: the new version, its source, its corrections, and the scenarios removed because they lost a turn."""

    version: str
    made_at: datetime
    samples_sha256: str
    made_from: Origin
    corrections: tuple[Applied, ...]
    scenarios_dropped: tuple[str, ...] = ()


class VersionHistory(Record):
    """history.json: every version except the first, the oldest first."""

    format_version: Literal[1] = 1
    versions: tuple[Version, ...]


def write(old: SampleSet, corrections: Sequence[Correction], folder: Path, *, version: str | None = None) -> SampleSet:
    """Write the new version to `folder`, which must not exist, and read it back.

    Recordings are copied byte for byte, so the folder is self-contained; the old set does not change. The folder is
    created completely or not at all, even after a power failure. version: by default the old version with its last
    part incremented (a set without a version is version 1).
    Raises InputError if nothing would change, the folder exists or cannot be created, or a recording cannot be read;
    StorageError if the disk is full or fails.
    """
    if not corrections:
        raise InputError("no row of the corrections has an action; fill in at least one")
    if os.path.lexists(folder):
        raise InputError(f"{folder}: exists already; name a new folder")
    dropped = {one.sample_id for one in corrections if one.action == "drop"}
    kept = [sample for sample in old.samples if sample.id not in dropped]
    if not kept:
        raise InputError("the corrections drop every sample of the set")
    number = version or _next(current_version(old))
    name = set_files.file_of(old)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".voicelab-", dir=folder.parent) as scratch:
            draft = Path(scratch, "version")
            draft.mkdir()
            _fill(draft, name, old, kept, corrections, number)
            storage.sync_tree(draft)
            draft.rename(folder)
            storage.sync_folder(folder.parent)
    except OSError as error:
        kind = InputError if file_errors.is_of_the_path(error) else StorageError
        raise kind(f"{folder}: cannot be created: {error.strerror or error}") from error
    return datasets.load(folder / name, old.columns)


def _fill(
    draft: Path, name: str, old: SampleSet, kept: Sequence[Sample], corrections: Sequence[Correction], number: str
) -> None:
    """Write the new version's recordings, its file and its history, and check them against the old version."""
    where = copies.places(old.home, kept, taken=(name, HISTORY))
    digests = copies.copy(kept, where, draft)
    changes = {one.sample_id: one for one in corrections}
    (draft / name).write_bytes(set_files.text_of(set_files.FilePlan(old, changes, where, number)))
    new = datasets.load(draft / name, old.columns)
    if [sample.id for sample in new.samples] != [sample.id for sample in kept]:
        raise AssertionError("the new version has different sample ids than the old one")
    copies.check(new.samples, digests)
    history = VersionHistory(versions=(*read_history(old), _step(old, new, corrections, number)))
    (draft / HISTORY).write_text(history.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_history(found: SampleSet) -> tuple[Version, ...]:
    """The history of a set; empty if it was never corrected."""
    path = found.home / HISTORY
    if not path.is_file():
        return ()
    return read_record(path, VersionHistory, "a history of versions", "restore it").versions


def current_version(found: SampleSet) -> str:
    """The version in the history, else in the metadata, else "1"."""
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
            file_sha256=hashlib.sha256(old.path.read_bytes()).hexdigest() if old.path.is_file() else None,
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
