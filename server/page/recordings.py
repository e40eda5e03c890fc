"""Sets that are being recorded: prompts, takes that wait for a decision, and the set made of the accepted ones.

<folder>/<set>/prompts.json            what is asked for
              /takes/<id>.flac, .json  recorded, not yet decided; on disk before the page is told
              /audio/<sample>.flac     accepted
              /voice_samples.json      the set, replaced in one step; `voicelab evaluate --samples` takes it
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from voicelab import codecs
from voicelab.clip import Clip
from voicelab.datasets import Sample
from voicelab.errors import InputError

CONSENT = "The speaker agrees that this recording is kept, and used to measure voice agents."
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")


class NotFoundError(InputError):
    """There is no set, prompt or take of that name."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a speaker is asked to say, and what is expected of it."""

    id: str
    text: str
    category: str = "recorded"
    expected_entities: tuple[str, ...] = ()
    expected_intent: str | None = None

    @classmethod
    def of(cls, sample: Sample) -> Prompt:
        """The text of a sample, to be said by someone else."""
        return cls(sample.id, sample.text, sample.category, sample.expected_entities, sample.expected_intent)


@dataclass(frozen=True, slots=True)
class Take:
    """A recording of a prompt. heard is None where the recognizer failed; report: what the checks found."""

    id: str
    prompt_id: str
    speaker: str
    device: str
    recorded_at: str
    duration_s: float
    heard: str | None = None
    report: dict[str, Any] = field(default_factory=dict)


class RecordedSet:
    """One set on disk. Every change is on the disk when its method returns."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    def prompts(self) -> tuple[Prompt, ...]:
        rows = _read(self.path / "prompts.json")["prompts"]
        return tuple(Prompt(**{**row, "expected_entities": tuple(row["expected_entities"])}) for row in rows)

    def prompt(self, prompt_id: str) -> Prompt:
        for prompt in self.prompts():
            if prompt.id == prompt_id:
                return prompt
        raise NotFoundError(f"the set {self.name} has no prompt {prompt_id!r}")

    def accepted(self) -> list[dict[str, Any]]:
        """The samples of voice_samples.json."""
        file = self.path / "voice_samples.json"
        groups = _read(file)["samples"].values() if file.exists() else []
        return [row for group in groups for row in group]

    def takes(self) -> list[Take]:
        """Those that wait for a decision, the oldest first."""
        found = [Take(**_read(file)) for file in (self.path / "takes").glob("*.json")]
        return sorted(found, key=lambda take: take.recorded_at)

    def take(self, take_id: str) -> Take:
        for take in self.takes():
            if take.id == take_id:
                return take
        raise NotFoundError(f"the set {self.name} has no undecided take {take_id!r}")

    def audio(self, take: Take) -> Path:
        return self.path / "takes" / f"{take.id}.flac"

    def keep(self, prompt: Prompt, speaker: str, device: str, clip: Clip) -> Take:
        """Write a take: its sound first, so that a take that is listed has its sound."""
        take = Take(uuid4().hex, prompt.id, check_name(speaker, "speaker"), device.strip(), _now(), clip.duration_s)
        _write(self.audio(take), codecs.encode(clip, "flac"))
        self._note(take)
        return take

    def judge(self, take: Take, *, heard: str | None, report: dict[str, Any]) -> Take:
        """Add what was found in a take."""
        judged = replace(take, heard=heard, report=report)
        self._note(judged)
        return judged

    def accept(self, take: Take) -> str:
        """Make a sample of the take, in place of an earlier one of the same speaker and prompt; the sample's id.

        A kill in between leaves the take undecided and the set as it was, or the set with the sample in it.
        """
        prompt, sample_id = self.prompt(take.prompt_id), f"{take.prompt_id}_{take.speaker}"
        data = self.audio(take).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        # The name changes with the sound, so that the file that the present set names is never written over.
        name = f"audio/{sample_id}_{digest[:8]}.flac"
        _write(self.path / name, data)
        row = {
            "id": sample_id, "text": prompt.text, "audio_path": name, "speaker": take.speaker,
            "expected_entities": list(prompt.expected_entities), "expected_intent": prompt.expected_intent,
            "sha256": digest, "device": take.device, "recorded_at": take.recorded_at,
        }  # fmt: skip
        replaced = self._put(prompt.category, row)
        self.discard(take)
        if replaced is not None and replaced != name:
            (self.path / replaced).unlink(missing_ok=True)
        return sample_id

    def discard(self, take: Take) -> None:
        """Forget an undecided take."""
        (self.path / "takes" / f"{take.id}.json").unlink(missing_ok=True)
        self.audio(take).unlink(missing_ok=True)

    def _note(self, take: Take) -> None:
        _write_json(self.path / "takes" / f"{take.id}.json", asdict(take))

    def _put(self, category: str, row: dict[str, Any]) -> str | None:
        """Put a sample into voice_samples.json; the file of the one it replaces."""
        file = self.path / "voice_samples.json"
        document = _read(file) if file.exists() else _empty(self.name)
        replaced = None
        for rows in document["samples"].values():
            for old in [old for old in rows if old["id"] == row["id"]]:
                rows.remove(old)
                replaced = str(old["audio_path"])
        document["samples"].setdefault(category, []).append(row)
        document["samples"] = {name: rows for name, rows in document["samples"].items() if rows}
        speakers = document["metadata"]["speakers"]
        speakers[row["speaker"]] = {"consent": CONSENT, "consented_at": row["recorded_at"], "device": row["device"]}
        document["metadata"]["updated_at"] = _now()
        _write_json(file, document)
        return replaced


class Recordings:
    """The folder of all sets. A name from outside is checked before it is part of a path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def sets(self) -> list[RecordedSet]:
        if not self._folder.is_dir():
            return []
        return [RecordedSet(path.parent) for path in sorted(self._folder.glob("*/prompts.json"))]

    def get(self, name: str) -> RecordedSet:
        for one in self.sets():
            if one.name == name:
                return one
        raise NotFoundError(f"there is no recorded set {name!r}")

    def create(self, name: str, prompts: Sequence[Prompt]) -> RecordedSet:
        """Begin a set; InputError when the name is taken or there is nothing to say."""
        path = self._folder / check_name(name, "set")
        if not prompts:
            raise InputError("a set needs at least one prompt; write one on each line")
        if (path / "prompts.json").exists():
            raise InputError(f"there is a set {name!r} already; open it, or take another name")
        _write_json(path / "prompts.json", {"prompts": [asdict(prompt) for prompt in prompts]})
        return RecordedSet(path)


def prompts_of(texts: Sequence[str]) -> tuple[Prompt, ...]:
    """A prompt for each different text."""
    wanted = dict.fromkeys(" ".join(text.split()) for text in texts if text.strip())
    return tuple(Prompt(f"prompt_{number:03d}", text) for number, text in enumerate(wanted, start=1))


def check_name(name: str, what: str) -> str:
    """The name, when it can be part of a file's name on every system."""
    if not _NAME.fullmatch(name):
        raise InputError(f"{what}: {name!r} is no name; take up to 48 small letters, digits, - and _")
    return name


def _empty(name: str) -> dict[str, Any]:
    metadata = {"description": f"Recorded set {name}", "version": "1.0.0", "speakers": {}, "consent": CONSENT}
    return {"metadata": metadata, "samples": {}}


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file.parent.name}/{file.name}: cannot be read: {error}") from error


def _write_json(file: Path, value: Any) -> None:
    _write(file, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def _write(file: Path, data: bytes) -> None:
    """Replace a file in one step; it and its name are on the disk when this returns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{uuid4().hex}.part")
    with draft.open("wb") as sink:
        sink.write(data)
        sink.flush()
        os.fsync(sink.fileno())
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
