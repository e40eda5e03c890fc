"""Write sample sets as voice_samples.json or as a manifest of JSON lines."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from voicelab.datasets.file_names import file_name
from voicelab.datasets.samples import Sample, SampleSet
from voicelab.datasets.voice_samples import NAME
from voicelab.errors import InputError

_ENDINGS = {b"OggS": ".ogg", b"RIFF": ".wav", b"fLaC": ".flac"}


def save(samples: SampleSet, path: Path) -> Path:
    """Write the set to a new file; see `SampleSet.save`."""
    file = path / NAME if path.suffix == "" else path
    if file.suffix not in (".json", ".jsonl"):
        raise InputError(f"{path}: write a folder, a .json file (voice_samples.json) or a .jsonl file (a manifest)")
    if file.exists():
        raise InputError(f"{file}: already exists; choose another path")
    file.parent.mkdir(parents=True, exist_ok=True)
    text = _manifest(samples, file) if file.suffix == ".jsonl" else _document(samples, file)
    file.write_text(text, encoding="utf-8")
    return file


def _document(samples: SampleSet, file: Path) -> str:
    entries: dict[str, list[dict[str, Any]]] = {name: [] for name in samples.categories}
    for sample in samples.samples:
        row = {"id": sample.id, "audio_path": _recording(sample, file), **_fields(sample, file)}
        entries[sample.category].append(row)
    scenarios = [
        {
            "id": one.id,
            "description": one.description,
            "turns": [turn.id for turn in one.turns],
            "expected_session_entities": list(one.expected_session_entities),
        }
        for one in samples.scenarios
    ]
    document = {"metadata": dict(samples.metadata), "samples": entries, "multi_turn_scenarios": scenarios}
    if samples.configurations:
        document["test_configurations"] = dict(samples.configurations)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _manifest(samples: SampleSet, file: Path) -> str:
    if samples.scenarios:
        raise InputError(f"{file}: a manifest cannot contain the set's scenarios; save a .json file or a folder")
    rows = [
        {"id": sample.id, "audio_filepath": _recording(sample, file), "category": sample.category}
        | _fields(sample, file)
        for sample in samples.samples
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _fields(sample: Sample, file: Path) -> dict[str, Any]:
    """The expectations of a sample, without empty fields."""
    calls, over = sample.expected_tool_calls, sample.over_reply
    found: dict[str, Any] = {
        "text": sample.text,
        "speaker": sample.speaker,
        "language": sample.language,
        "expected_entities": list(sample.expected_entities) or None,
        "expected_intent": sample.expected_intent,
        "expected_tool_calls": None
        if calls is None
        else [{"name": call.name, "arguments": dict(call.arguments)} for call in calls],
        "requires_context": sample.requires_context or None,
        "over_reply": None if over is None else asdict(over) | {"audio_path": _relative(over.audio_path, file)},
        "sha256": sample.sha256 if sample.audio_kind == "file" else None,
        "offset": sample.offset_s,
        "duration": sample.duration_s,
    }
    return {name: value for name, value in found.items() if value is not None}


def _recording(sample: Sample, file: Path) -> str:
    """Return the recording's path relative to the file. A recording that is not a file is first written next to it."""
    if sample.audio_kind == "file":
        return _relative(sample.audio_path, file)
    data = sample.recording_bytes()
    name = Path("audio") / f"{file_name(sample.id)}{_ENDINGS.get(data[:4], '.audio')}"
    (file.parent / "audio").mkdir(exist_ok=True)
    (file.parent / name).write_bytes(data)
    return str(name)


def _relative(path: Path, file: Path) -> str:
    return os.path.relpath(path.absolute(), file.parent.absolute())
