"""Corrections files: decisions about the labels of a sample set.

A corrections file is a CSV with one row per sample: `sample_id`, `action` (correct, drop, keep, or empty for
undecided), `old_text`, `new_text`, and optionally `expected_entities` (separated by `;`), `expected_intent`, `who`,
`when` and `why`; other columns are ignored. versions.py applies it: a new version is a folder with the set's file, its
recordings and history.json; the old set does not change.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from voicelab.analysis.audit.audit import Suspect
from voicelab.datasets import SampleSet, delimited
from voicelab.errors import InputError
from voicelab.metrics.entities import mentions

Action = Literal["correct", "drop", "keep"]
_NEEDED = ("sample_id", "action", "old_text", "new_text")
_COLUMNS = (*_NEEDED, "expected_entities", "expected_intent", "who", "when", "why")


@dataclass(frozen=True, slots=True)
class Correction:
    """A decision about a sample; None leaves a field unchanged.

    action: "keep" means that the label was checked and is right.
    """

    sample_id: str
    action: Action
    old_text: str
    new_text: str | None = None
    expected_entities: tuple[str, ...] | None = None
    expected_intent: str | None = None
    who: str | None = None
    when: str | None = None
    why: str | None = None


def write_template(path: Path, suspects: Iterable[Suspect]) -> None:
    """Write a corrections file without decisions; it has a column with the transcript of each system."""
    suspects = list(suspects)
    systems = list(suspects[0].heard) if suspects else []
    blank = [""] * (len(_COLUMNS) - 3)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*_COLUMNS, *(f"heard: {name}" for name in systems)])
        for one in suspects:
            writer.writerow([one.sample_id, "", one.reference, *blank, *(one.heard.get(name, "") for name in systems)])


def read(path: Path, samples: SampleSet) -> list[Correction]:
    """Read the decisions in a corrections file and check them against the set.

    Raises InputError that names the row: an unknown sample or action, a text that differs from the set's, ...
    """
    table = delimited.read(path)
    if missing := [name for name in _NEEDED if name not in table.columns]:
        raise InputError(f"{path}: column {missing[0]!r} is missing; needed: {', '.join(_NEEDED)}")
    texts = {sample.id: sample.text for sample in samples.samples}
    found: list[Correction] = []
    for number, row in enumerate(table.rows, start=2):
        where = f"{path}: row {number}"
        one = _correction(where, row.values, texts)
        if one is None:
            continue
        if any(one.sample_id == other.sample_id for other in found):
            raise InputError(f"{where}: sample {one.sample_id!r} is decided twice")
        found.append(one)
    return found


def _correction(where: str, row: Mapping[str, Any], texts: dict[str, str]) -> Correction | None:
    cells = {name: (row.get(name) or "").strip() for name in _COLUMNS}
    sample_id, action, new_text = cells["sample_id"], cells["action"].lower(), cells["new_text"]
    if not action and not new_text:
        return None
    if sample_id not in texts:
        raise InputError(f"{where}: no sample {sample_id!r} in the set")
    known: dict[str, Action] = {one: one for one in get_args(Action)}
    if action not in known:
        wanted = ", ".join(known)
        raise InputError(f"{where}: field 'action' must be one of {wanted}, or empty with no new_text, not {action!r}")
    if cells["old_text"] != texts[sample_id].strip():
        raise InputError(
            f"{where}: old_text differs from the set's text of {sample_id!r}: {texts[sample_id]!r}; "
            "the file is for another version"
        )
    changes = [name for name in ("new_text", "expected_entities", "expected_intent") if cells[name]]
    if action == "correct" and not changes:
        raise InputError(f"{where}: action is correct, but there is no new_text and no new expectation")
    if action != "correct" and changes:
        raise InputError(f"{where}: action is {action}, but field {changes[0]!r} is filled in")
    entities = tuple(part.strip() for part in cells["expected_entities"].split(";") if part.strip())
    return Correction(
        sample_id=sample_id,
        action=known[action],
        old_text=texts[sample_id],
        expected_entities=entities or None,
        **{name: cells[name] or None for name in ("new_text", "expected_intent", "who", "when", "why")},
    )


def unnamed_entities(corrections: Iterable[Correction], new: SampleSet) -> list[str]:
    """Return the ids of samples whose corrected text lacks an expected entity that the old text contained.

    Entities that were never in the text, such as the ticker of a named company, are ignored.
    """
    found = []
    for one in corrections:
        if one.new_text is None:
            continue
        text = one.new_text
        expected = new.sample(one.sample_id).expected_entities
        if any(mentions(one.old_text, entity) and not mentions(text, entity) for entity in expected):
            found.append(one.sample_id)
    return found
