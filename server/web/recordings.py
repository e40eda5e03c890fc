"""Sets that are being recorded: prompts, takes that wait for a decision, and the set made of the accepted ones.

<folder>/<set>/owner.json              the user who began it, where the server asks for tokens
              /prompts.json            what is asked for
              /takes/<id>.flac, .json  recorded, not yet decided; on disk before the page is told
              /audio/<hash>.flac       accepted
              /voice_samples.json      the set, replaced in one step; `voicelab evaluate --samples` takes it

No name of a file is made of what a client or a sample set says. Every change of a set is made under its lock, which
holds between threads and between server processes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from server.web.set_files import locked, used_bytes
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.datasets import Sample
from voicelab.errors import InputError

CONSENT = "The speaker agrees that this recording is kept, and used to measure voice agents."
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
_TAKE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

logger = logging.getLogger(__name__)


class NotFoundError(InputError):
    """There is no set, prompt or take of that name, or it is another user's."""


class FullError(InputError):
    """A limit of what is kept is reached; the message names its setting."""


class UnreadableError(InputError):
    """A file of a set is not what the server wrote; only whoever runs the server can mend it."""


@dataclass(frozen=True, slots=True)
class RecordingLimits:
    """How much is kept. sets, disk_bytes: of one user; prompts, prompt_bytes, takes: of one set, takes undecided."""

    sets: int = 100
    prompts: int = 1000
    prompt_bytes: int = 50_000
    takes: int = 1000
    disk_bytes: int = 2_000_000_000


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


_TAKE = TypeAdapter(Take)


class RecordedSet:
    """One set on disk. Every change is on the disk when its method returns.

    room: raises FullError when this many more bytes of the set's owner may not be kept.
    """

    def __init__(self, path: Path, limits: RecordingLimits, room: Callable[[int], None]) -> None:
        self.path = path
        self._limits = limits
        self._room = room

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
        """Those that wait for a decision, the oldest first; without those that cannot be read, which the log names."""
        found = []
        for file in (self.path / "takes").glob("*.json"):
            try:
                found.append(self._take(file))
            except NotFoundError:
                continue
            except UnreadableError as error:
                logger.warning("recorded set %s: a take is left out: %s", self.name, error)
        return sorted(found, key=lambda take: take.recorded_at)

    def take(self, take_id: str) -> Take:
        return self._take(self._note_of(take_id))

    def audio(self, take: Take) -> Path:
        return self.path / "takes" / f"{take.id}.flac"

    def keep(self, prompt: Prompt, speaker: str, device: str, clip: Clip) -> Take:
        """Write a take: its sound first, so that a take that is listed has it. FullError when there is no room."""
        take = Take(uuid4().hex, prompt.id, check_name(speaker, "speaker"), device.strip(), _now(), clip.duration_s)
        data = codecs.encode(clip, "flac")
        with locked(self.path.parent):
            if sum(1 for _ in (self.path / "takes").glob("*.json")) >= self._limits.takes:
                most = f"{self._limits.takes} undecided takes (MAX_SET_TAKES)"
                raise FullError(f"the set {self.name} has {most}; accept or delete some")
            self._room(len(data))
            _write(self.audio(take), data)
            self._note(take)
        return take

    def judge(self, take: Take, *, heard: str | None, report: dict[str, Any]) -> Take | None:
        """Add what was found in a take; None where it was deleted or accepted meanwhile."""
        judged = replace(take, heard=heard, report=report)
        with locked(self.path):
            if not self._note_of(take.id).exists():
                return None
            self._note(judged)
        return judged

    def accept(self, take: Take) -> str:
        """Make a sample of the take, in place of an earlier one of the same speaker and prompt; the sample's id.

        A kill in between leaves the take undecided and the set as it was, or the set with the sample in it. Raises
        NotFoundError when the take was deleted or accepted meanwhile.
        """
        prompt, sample_id = self.prompt(take.prompt_id), f"{take.prompt_id}_{take.speaker}"
        with locked(self.path):
            self.take(take.id)
            data = self.audio(take).read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            # The name changes with the sound, so that the file that the present set names is never written over.
            name = f"audio/{hashlib.sha256(f'{sample_id} {digest}'.encode()).hexdigest()[:32]}.flac"
            _write(self.path / name, data)
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

    def discard(self, take: Take) -> None:
        """Forget an undecided take."""
        self.discard_id(take.id)

    def discard_id(self, take_id: str) -> None:
        """The same by its id, also where its note cannot be read. NotFoundError where there is none."""
        with locked(self.path):
            if not self._note_of(take_id).exists():
                raise self._no_take(take_id)
            self._remove(take_id)

    def _note_of(self, take_id: str) -> Path:
        """The file that describes a take; no id that could lead elsewhere becomes part of a path."""
        if not _TAKE_ID.fullmatch(take_id):
            raise self._no_take(take_id)
        return self.path / "takes" / f"{take_id}.json"

    def _take(self, note: Path) -> Take:
        if not note.exists() or not note.with_suffix(".flac").is_file():
            raise self._no_take(note.stem)
        try:
            take = _TAKE.validate_python(_read(note))
        except ValidationError as error:
            raise UnreadableError(f"takes/{note.name}: its fields are not those of a take") from error
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
        _write_json(self._note_of(take.id), asdict(take))

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


class RecordingStore:
    """The folder of all sets. A name from outside is checked before it is part of a path.

    user: whose sets these are, and nobody else's; None, where the server asks for no tokens, stands for all sets.
    """

    def __init__(self, folder: Path, user: str | None = None, limits: RecordingLimits | None = None) -> None:
        self._folder = folder
        self._user = user
        self._limits = limits or RecordingLimits()

    def sets(self) -> list[RecordedSet]:
        if not self._folder.is_dir():
            return []
        found = (file.parent for file in sorted(self._folder.glob("*/prompts.json")))
        return [self._set(path) for path in found if self._is_ours(path)]

    def get(self, name: str) -> RecordedSet:
        path = self._folder / name if _NAME.fullmatch(name) else None
        if path is None or not (path / "prompts.json").is_file() or not self._is_ours(path):
            raise NotFoundError(f"there is no recorded set {name!r}")
        return self._set(path)

    def create(self, name: str, prompts: Sequence[Prompt]) -> RecordedSet:
        """Begin a set; InputError when the name is taken, there is nothing to say, or more than the limits allow."""
        path = self._folder / check_name(name, "set")
        self._check_prompts(prompts)
        rows = {"prompts": [asdict(prompt) for prompt in prompts]}
        with locked(self._folder):
            if (path / "prompts.json").exists():
                raise InputError(f"there is a set {name!r} already; open it, or take another name")
            if len(self.sets()) >= self._limits.sets:
                raise FullError(f"{self._limits.sets} sets are kept (MAX_USER_SETS); delete a folder of RECORDINGS_DIR")
            self._check_room(0)
            if self._user is not None:
                _write_json(path / "owner.json", {"user": self._user})
            _write_json(path / "prompts.json", rows)
        return self._set(path)

    def _check_prompts(self, prompts: Sequence[Prompt]) -> None:
        if not prompts:
            raise InputError("a set needs at least one prompt; write one on each line")
        if len(prompts) > self._limits.prompts:
            raise InputError(f"a set has at most {self._limits.prompts} prompts (MAX_SET_PROMPTS), not {len(prompts)}")
        size = sum(len(prompt.text.encode()) for prompt in prompts)
        if size > self._limits.prompt_bytes:
            most = f"at most {self._limits.prompt_bytes} bytes (MAX_SET_PROMPT_BYTES)"
            raise InputError(f"the prompts of a set hold {most} in all, not {size}")

    def _check_room(self, size: int) -> None:
        used = sum(used_bytes(one.path) for one in self.sets())
        if used + size > self._limits.disk_bytes:
            most = f"{self._limits.disk_bytes} bytes (MAX_USER_RECORDING_BYTES)"
            raise FullError(f"your recordings take {used} of {most}; delete some")

    def _set(self, path: Path) -> RecordedSet:
        return RecordedSet(path, self._limits, self._check_room)

    def _is_ours(self, path: Path) -> bool:
        return self._user is None or _owner(path) == self._user


def _owner(path: Path) -> str | None:
    """Who began the set; None for one that was begun where the server asked for no tokens."""
    try:
        found = _read(path / "owner.json")
    except UnreadableError:
        return None
    return found.get("user") if isinstance(found, dict) else None


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
    except OSError as error:
        raise UnreadableError(f"{file.parent.name}/{file.name}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{file.parent.name}/{file.name}: is no JSON: {error}") from error


def _write_json(file: Path, value: Any) -> None:
    _write(file, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def _write(file: Path, data: bytes) -> None:
    """Replace a file in one step; it and its name are on the disk when this returns."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{uuid4().hex}.part")
    # Whoever else uses this machine does not hear it, whatever the umask is.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
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
