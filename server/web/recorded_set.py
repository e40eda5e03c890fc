"""A recorded set: prompts, undecided takes, and the sample set of the accepted ones.

<folder>/<set>/owner.json              the user who created it, if the server requires tokens
              /prompts.json            the prompts
              /takes/<id>.flac, .json  undecided takes, stored before the page gets an answer
              /audio/<hash>.flac       accepted takes
              /voice_samples.json      the sample set for `voicelab evaluate --samples`, replaced atomically

File names are never built from unchecked text of clients or sample sets. Every change is made under the lock of the
set, which works across threads and server processes.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from server.settings import Settings
from server.web.set_files import UnreadableError, locked, read_json, write_file, write_json
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.datasets import Sample
from voicelab.errors import InputError

CONSENT = "The speaker agrees that this recording is kept, and used to measure voice agents."
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
_TAKE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

logger = logging.getLogger(__name__)


class NotFoundError(InputError):
    """The set, prompt or take does not exist, or belongs to another user."""


class FullError(InputError):
    """A storage limit is reached; the message names its setting."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text for a speaker to say, with its expected entities and intent."""

    id: str
    text: str
    category: str = "recorded"
    expected_entities: tuple[str, ...] = ()
    expected_intent: str | None = None

    @classmethod
    def of(cls, sample: Sample) -> Prompt:
        """Create a prompt from a sample."""
        return cls(sample.id, sample.text, sample.category, sample.expected_entities, sample.expected_intent)


@dataclass(frozen=True, slots=True)
class Take:
    """A recording of a prompt. heard: the transcript; None if the recognizer failed. report: results of the checks."""

    id: str
    prompt_id: str
    speaker: str
    device: str
    recorded_at: str
    duration_s: float
    heard: str | None = None
    report: dict[str, Any] = field(default_factory=dict)


_TAKE = TypeAdapter(Take)


class RecordedSet:
    """One set on disk. Changes are durable when a method returns.

    settings: with the limits of a set. room: raises FullError if the owner may not store this many more bytes.
    """

    def __init__(self, path: Path, settings: Settings, room: Callable[[int], None]) -> None:
        self.path = path
        self._settings = settings
        self._room = room

    @property
    def name(self) -> str:
        return self.path.name

    def prompts(self) -> tuple[Prompt, ...]:
        rows = read_json(self.path / "prompts.json")["prompts"]
        return tuple(Prompt(**{**row, "expected_entities": tuple(row["expected_entities"])}) for row in rows)

    def prompt(self, prompt_id: str) -> Prompt:
        for prompt in self.prompts():
            if prompt.id == prompt_id:
                return prompt
        raise NotFoundError(f"the set {self.name} has no prompt {prompt_id!r}")

    def accepted(self) -> list[dict[str, Any]]:
        """The samples of voice_samples.json."""
        file = self.path / "voice_samples.json"
        groups = read_json(file)["samples"].values() if file.exists() else []
        return [row for group in groups for row in group]

    def takes(self) -> list[Take]:
        """Return the undecided takes, oldest first. Takes that cannot be read are logged and omitted."""
        found = []
        for file in (self.path / "takes").glob("*.json"):
            try:
                found.append(self._take(file))
            except NotFoundError:
                continue
            except UnreadableError as error:
                logger.warning("recorded set %s: omitting a take: %s", self.name, error)
        return sorted(found, key=lambda take: take.recorded_at)

    def take(self, take_id: str) -> Take:
        return self._take(self._note_of(take_id))

    def audio(self, take: Take) -> Path:
        return self.path / "takes" / f"{take.id}.flac"

    def keep(self, prompt: Prompt, speaker: str, device: str, clip: Clip) -> Take:
        """Store a take, with the audio first, so that every listed take has audio. Raises FullError."""
        take = Take(uuid4().hex, prompt.id, check_name(speaker, "speaker"), device.strip(), _now(), clip.duration_s)
        data = codecs.encode(clip, "flac")
        with locked(self.path.parent):
            if sum(1 for _ in (self.path / "takes").glob("*.json")) >= self._settings.max_set_takes:
                most = f"{self._settings.max_set_takes} undecided takes (MAX_SET_TAKES)"
                raise FullError(f"the set {self.name} has {most}; accept or delete some")
            self._room(len(data))
            write_file(self.audio(take), data)
            self._note(take)
        return take

    def store_checks(self, take: Take, *, heard: str | None, report: dict[str, Any]) -> Take | None:
        """Store the results of the checks. Returns None if the take was deleted or accepted in the meantime."""
        checked = replace(take, heard=heard, report=report)
        with locked(self.path):
            if not self._note_of(take.id).exists():
                return None
            self._note(checked)
        return checked

    def accept(self, take: Take) -> str:
        """Make the take a sample, replacing an earlier one of the same speaker and prompt. Returns its id.

        If the process is killed, either the take is still undecided and the set unchanged, or the set has the sample.
        Raises NotFoundError if the take was deleted or accepted in the meantime, and FullError.
        """
        prompt, sample_id = self.prompt(take.prompt_id), f"{take.prompt_id}_{take.speaker}"
        with locked(self.path):
            self.take(take.id)
            self._check_count(sample_id)
            data = self.audio(take).read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            # The name depends on the audio, so that a file in use by the current set is never overwritten.
            name = f"audio/{hashlib.sha256(f'{sample_id} {digest}'.encode()).hexdigest()[:32]}.flac"
            write_file(self.path / name, data)
            row = {
                "id": sample_id, "text": prompt.text, "audio_path": name, "speaker": take.speaker,
                "expected_entities": list(prompt.expected_entities), "expected_intent": prompt.expected_intent,
                "sha256": digest, "device": take.device, "recorded_at": take.recorded_at,
            }  # fmt: skip
            replaced = self._put(prompt.category, row)
            self._remove(take.id)
            if replaced not in (None, name):
                (self.path / "audio" / Path(str(replaced)).name).unlink(missing_ok=True)
        return sample_id

    def _check_count(self, sample_id: str) -> None:
        """Raise FullError unless the set has room for this sample or already has one with this id."""
        accepted, most = self.accepted(), self._settings.max_set_samples
        if len(accepted) >= most and all(row["id"] != sample_id for row in accepted):
            message = f"the set {self.name} has {most} accepted takes (MAX_SET_SAMPLES); create another set"
            raise FullError(message)

    def discard(self, take_id: str) -> None:
        """Delete an undecided take, even if its description is damaged. Raises NotFoundError."""
        with locked(self.path):
            if not self._note_of(take_id).exists():
                raise self._no_take(take_id)
            self._remove(take_id)

    def _note_of(self, take_id: str) -> Path:
        """Return the file that describes a take. Raises NotFoundError for an id that is not safe in a path."""
        if not _TAKE_ID.fullmatch(take_id):
            raise self._no_take(take_id)
        return self.path / "takes" / f"{take_id}.json"

    def _take(self, note: Path) -> Take:
        if not note.exists() or not note.with_suffix(".flac").is_file():
            raise self._no_take(note.stem)
        try:
            take = _TAKE.validate_python(read_json(note))
        except ValidationError as error:
            raise UnreadableError(f"takes/{note.name}: the fields are not those of a take") from error
        if take.id != note.stem:
            raise UnreadableError(f"takes/{note.name}: it describes another take")
        return take

    def _no_take(self, take_id: str) -> NotFoundError:
        return NotFoundError(f"the set {self.name} has no undecided take {take_id!r}")

    def _remove(self, take_id: str) -> None:
        note = self._note_of(take_id)
        note.unlink(missing_ok=True)
        note.with_suffix(".flac").unlink(missing_ok=True)

    def _note(self, take: Take) -> None:
        write_json(self._note_of(take.id), asdict(take))

    def _put(self, category: str, row: dict[str, Any]) -> str | None:
        """Add a sample to voice_samples.json. Returns the audio file of the sample it replaces, or None."""
        file = self.path / "voice_samples.json"
        document = read_json(file) if file.exists() else _empty(self.name)
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
        write_json(file, document)
        return replaced


def check_name(name: str, what: str) -> str:
    """Return the name if it is valid in file names on all systems. Raises InputError otherwise."""
    if not NAME.fullmatch(name):
        raise InputError(f"{what}: {name!r} is not a valid name; use up to 48 lower-case letters, digits, - and _")
    return name


def _empty(name: str) -> dict[str, Any]:
    metadata = {"description": f"Recorded set {name}", "version": "1.0.0", "speakers": {}, "consent": CONSENT}
    return {"metadata": metadata, "samples": {}}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
