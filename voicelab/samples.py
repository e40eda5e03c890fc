"""Samples, scenarios and sets of them: read and check the formats they come in.

Read: the seed's `voice_samples.json` (audio as a file, or as a JSON `audio_chunk` event with base64), a NeMo-style
JSONL manifest (`audio_filepath`, `text`, ...), and CSV with the same column names. docs/samples.md shows each.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from voicelab import codecs
from voicelab.clip import Clip
from voicelab.errors import InputError

AudioKind = Literal["file", "event"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One recorded request and what is expected of it.

    text is the reference of what is said. audio_path: a sound file, or (audio_kind "event") a JSON `audio_chunk` event.
    requires_context: it only makes sense after another turn.
    """

    id: str
    text: str
    audio_path: Path
    audio_kind: AudioKind = "file"
    category: str = "samples"
    speaker: str | None = None
    expected_entities: tuple[str, ...] = ()
    expected_intent: str | None = None
    requires_context: bool = False
    sha256: str | None = None

    def audio_bytes(self) -> bytes:
        """The encoded audio as it is sent; InputError names the file and the field."""
        data = codecs.read_bytes(self.audio_path)
        if self.sha256 is not None and hashlib.sha256(data).hexdigest() != self.sha256:
            raise InputError(
                f"{self.audio_path}: sample {self.id!r}: the file is not the one that field 'sha256' names"
            )
        if self.audio_kind == "file":
            return data
        try:
            event = json.loads(data)
            chunk = event["data"]["audio_chunk"]
            return base64.b64decode(chunk, validate=True)
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            wanted = "a JSON object with base64 in data.audio_chunk"
            raise InputError(f"{self.audio_path}: sample {self.id!r}: not {wanted}: {error!r}") from error

    def clip(self) -> Clip:
        """The audio as sound."""
        return codecs.decode(self.audio_bytes(), source=f"{self.audio_path} (sample {self.id!r})")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A conversation: samples spoken one after another in one session."""

    id: str
    description: str
    turns: tuple[Sample, ...]
    expected_session_entities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleSet:
    """Samples in the order of their file, and the scenarios made of them."""

    path: Path
    samples: tuple[Sample, ...]
    scenarios: tuple[Scenario, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    configurations: Mapping[str, Any] = field(default_factory=dict)

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(sample.category for sample in self.samples))

    def sample(self, sample_id: str) -> Sample:
        """The sample of that id; InputError lists the ids."""
        return _by_id(self.samples, sample_id, "sample", self.path)

    def scenario(self, scenario_id: str) -> Scenario:
        """The scenario of that id; InputError lists the ids."""
        return _by_id(self.scenarios, scenario_id, "scenario", self.path)

    def only(self, *, categories: Iterable[str] = (), limit: int | None = None) -> SampleSet:
        """The samples of some categories, at most `limit` of them, with the scenarios all of whose turns are left.

        The limit takes from each category in turn, so that a small part still has some of everything.
        """
        wanted = tuple(categories)
        if unknown := [name for name in wanted if name not in self.categories]:
            raise InputError(f"{self.path}: no category {unknown[0]!r}; there are: {', '.join(self.categories)}")
        kept = [sample for sample in self.samples if not wanted or sample.category in wanted]
        if limit is not None:
            chosen = {sample.id for sample in _in_rounds(kept, limit)}
            kept = [sample for sample in kept if sample.id in chosen]
        ids = {sample.id for sample in kept}
        scenarios = tuple(one for one in self.scenarios if all(turn.id in ids for turn in one.turns))
        return replace(self, samples=tuple(kept), scenarios=scenarios)


def _in_rounds(samples: list[Sample], limit: int) -> Iterator[Sample]:
    queues: dict[str, list[Sample]] = {}
    for sample in samples:
        queues.setdefault(sample.category, []).append(sample)
    depth = 0
    while limit > 0 and any(depth < len(queue) for queue in queues.values()):
        for queue in queues.values():
            if depth < len(queue) and limit > 0:
                limit -= 1
                yield queue[depth]
        depth += 1


_Item = TypeVar("_Item", Sample, Scenario)


def _by_id(items: Iterable[_Item], wanted: str, kind: str, path: Path) -> _Item:
    known = {item.id: item for item in items}
    if wanted not in known:
        raise InputError(f"{path}: no {kind} {wanted!r}; there are: {', '.join(known) or 'none'}")
    return known[wanted]


def load(path: Path | str) -> SampleSet:
    """Read a set: a folder with voice_samples.json, such a file, a .jsonl manifest, or a .csv.

    Raises InputError that names the file, the entry and the field.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "voice_samples.json"
    readers = {".json": _read_seed, ".jsonl": _read_jsonl, ".csv": _read_csv}
    if path.suffix not in readers:
        raise InputError(f"{path}: give a folder with voice_samples.json, or a file that ends in {', '.join(readers)}")
    found = readers[path.suffix](path)
    if not found.samples:
        raise InputError(f"{path}: there are no samples in it")
    _check_ids(path, "sample", [sample.id for sample in found.samples])
    _check_ids(path, "scenario", [scenario.id for scenario in found.scenarios])
    return found


def _check_ids(path: Path, kind: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise InputError(f"{path}: two {kind}s have the id {one!r}; ids must differ")
        seen.add(one)


class _Fields:
    """Reads the fields of one entry and, when one is wrong, says which of which entry of which file."""

    def __init__(self, path: Path, entry: str, row: Any) -> None:
        self.path = path
        self._entry = entry
        if not isinstance(row, Mapping):
            raise InputError(f"{path}: {entry}: must be an object with fields, not {type(row).__name__}")
        self._row = row

    def fail(self, field_name: str, problem: str) -> InputError:
        return InputError(f"{self.path}: {self._entry}: field {field_name!r} {problem}")

    def text(self, name: str) -> str:
        value = self._row.get(name)
        if value is None:
            raise self.fail(name, "is missing")
        if not isinstance(value, str) or not value.strip():
            raise self.fail(name, f"must be a text that is not empty, not {value!r}")
        return value

    def text_or_none(self, name: str) -> str | None:
        return self.text(name) if self._row.get(name) not in (None, "") else None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._row.get(name, [])
        if isinstance(value, str):
            value = [part.strip() for part in value.split(";") if part.strip()]
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.fail(name, f"must be a list of texts, not {value!r}")
        return tuple(value)

    def flag(self, name: str) -> bool:
        value = self._row.get(name, False)
        if isinstance(value, str) and value.lower() in ("true", "false", ""):
            value = value.lower() == "true"
        if not isinstance(value, bool):
            raise self.fail(name, f"must be true or false, not {value!r}")
        return value

    def file(self, name: str) -> Path:
        path = self.path.parent / self.text(name)
        if not path.is_file():
            raise self.fail(name, f"names a file that is not there: {path}")
        return path

    def has(self, name: str) -> bool:
        return self._row.get(name) is not None


def _read_text(path: Path) -> str:
    try:
        return codecs.read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error}") from error


def _read_seed(path: Path) -> SampleSet:
    try:
        document = json.loads(_read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("samples"), dict):
        raise InputError(f"{path}: field 'samples' must be an object of categories, each a list of samples")
    groups = dict(document["samples"])
    # The original file keeps its scenarios among the categories, ours beside them.
    scenario_rows = groups.pop("multi_turn_scenarios", None) or document.get("multi_turn_scenarios", [])
    samples: list[Sample] = []
    for category, rows in groups.items():
        if not isinstance(rows, list):
            raise InputError(f"{path}: samples.{category}: must be a list of samples")
        for number, row in enumerate(rows):
            samples.append(_seed_sample(path, category, number, row))
    _check_ids(path, "sample", [sample.id for sample in samples])
    by_id = {sample.id: sample for sample in samples}
    scenarios = tuple(_scenario(path, number, row, by_id) for number, row in enumerate(scenario_rows))
    configurations = document.get("test_configurations", {})
    return SampleSet(path, tuple(samples), scenarios, document.get("metadata", {}), configurations)


def _seed_sample(path: Path, category: str, number: int, row: Any) -> Sample:
    fields = _Fields(path, f"samples.{category}[{number}]", row)
    sample_id = fields.text("id")
    fields = _Fields(path, f"samples.{category}[{number}] ({sample_id})", row)
    # An encoded event is what the original set ships; its wav_path names files that it leaves out.
    if fields.has("audio_path"):
        audio, kind = fields.file("audio_path"), "file"
    elif fields.has("encoded_path"):
        audio, kind = fields.file("encoded_path"), "event"
    elif fields.has("wav_path"):
        audio, kind = fields.file("wav_path"), "file"
    else:
        raise fields.fail("audio_path", "is missing (or encoded_path, or wav_path)")
    return _sample(fields, sample_id, category, audio, "event" if kind == "event" else "file")


def _sample(fields: _Fields, sample_id: str, category: str, audio: Path, kind: AudioKind) -> Sample:
    return Sample(
        id=sample_id,
        text=fields.text("text"),
        audio_path=audio,
        audio_kind=kind,
        category=category,
        speaker=fields.text_or_none("speaker"),
        expected_entities=fields.texts("expected_entities"),
        expected_intent=fields.text_or_none("expected_intent"),
        requires_context=fields.flag("requires_context"),
        sha256=fields.text_or_none("sha256"),
    )


def _scenario(path: Path, number: int, row: Any, by_id: Mapping[str, Sample]) -> Scenario:
    fields = _Fields(path, f"multi_turn_scenarios[{number}]", row)
    turns = fields.texts("turns")
    if not turns:
        raise fields.fail("turns", "must name at least one sample")
    if unknown := [turn for turn in turns if turn not in by_id]:
        raise fields.fail("turns", f"names a sample that is not in the set: {unknown[0]!r}")
    return Scenario(
        id=fields.text("id"),
        description=fields.text_or_none("description") or "",
        turns=tuple(by_id[turn] for turn in turns),
        expected_session_entities=fields.texts("expected_session_entities"),
    )


def _read_jsonl(path: Path) -> SampleSet:
    rows = []
    for number, line in enumerate(_read_text(path).splitlines(), start=1):
        if line.strip():
            try:
                rows.append((number, json.loads(line)))
            except json.JSONDecodeError as error:
                raise InputError(f"{path}: line {number}: not JSON: {error}") from error
    return SampleSet(path, tuple(_manifest_sample(path, number, row) for number, row in rows))


def _read_csv(path: Path) -> SampleSet:
    rows = list(enumerate(csv.DictReader(_read_text(path).splitlines()), start=2))
    return SampleSet(path, tuple(_manifest_sample(path, number, row) for number, row in rows))


def _manifest_sample(path: Path, number: int, row: Any) -> Sample:
    fields = _Fields(path, f"line {number}", row)
    audio = fields.file("audio_filepath")
    sample_id = fields.text_or_none("id") or audio.stem
    return _sample(fields, sample_id, fields.text_or_none("category") or "samples", audio, "file")
