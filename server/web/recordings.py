"""The store of all recorded sets, with the limits and the access of a user."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from server.settings import Settings
from server.web.recorded_set import NAME, FullError, NotFoundError, Prompt, RecordedSet, check_name
from server.web.set_files import UnreadableError, locked, read_json, used_bytes, write_json
from voicelab.errors import InputError


class RecordingStore:
    """The folder of all sets. Names are checked before they become part of a path.

    user: gives access only to the sets of this user; None, without tokens, to all sets. settings: with the limits; None
    reads the environment.
    """

    def __init__(self, folder: Path, user: str | None = None, settings: Settings | None = None) -> None:
        self._folder = folder
        self._user = user
        self._settings = settings or Settings.read()

    def sets(self) -> list[RecordedSet]:
        if not self._folder.is_dir():
            return []
        found = (file.parent for file in sorted(self._folder.glob("*/prompts.json")))
        return [self._set(path) for path in found if self._is_ours(path)]

    def get(self, name: str) -> RecordedSet:
        path = self._folder / name if NAME.fullmatch(name) else None
        if path is None or not (path / "prompts.json").is_file() or not self._is_ours(path):
            raise NotFoundError(f"there is no recorded set {name!r}")
        return self._set(path)

    def create(self, name: str, prompts: Sequence[Prompt]) -> RecordedSet:
        """Create a set. Raises InputError if the name is in use, there are no prompts, or a limit is exceeded."""
        path = self._folder / check_name(name, "set")
        self._check_prompts(prompts)
        rows = {"prompts": [asdict(prompt) for prompt in prompts]}
        with locked(self._folder):
            if (path / "prompts.json").exists():
                raise InputError(f"the set {name!r} already exists; open it, or choose another name")
            if len(self.sets()) >= self._settings.max_user_sets:
                most = f"the limit of {self._settings.max_user_sets} sets is reached (MAX_USER_SETS)"
                raise FullError(f"{most}; delete a folder in RECORDINGS_DIR")
            self._check_room(0)
            if self._user is not None:
                write_json(path / "owner.json", {"user": self._user})
            write_json(path / "prompts.json", rows)
        return self._set(path)

    def _check_prompts(self, prompts: Sequence[Prompt]) -> None:
        if not prompts:
            raise InputError("a set needs at least one prompt; write one on each line")
        if len(prompts) > (most := self._settings.max_set_prompts):
            raise InputError(f"a set has at most {most} prompts (MAX_SET_PROMPTS), not {len(prompts)}")
        size = sum(len(prompt.text.encode()) for prompt in prompts)
        if size > (most := self._settings.max_set_prompt_bytes):
            message = f"the prompts of a set together have at most {most} bytes (MAX_SET_PROMPT_BYTES), not {size}"
            raise InputError(message)

    def _check_room(self, size: int) -> None:
        used, most = sum(used_bytes(one.path) for one in self.sets()), self._settings.max_user_recording_bytes
        if used + size > most:
            raise FullError(f"your recordings take {used} of {most} bytes (MAX_USER_RECORDING_BYTES); delete some")

    def _set(self, path: Path) -> RecordedSet:
        return RecordedSet(path, self._settings, self._check_room)

    def _is_ours(self, path: Path) -> bool:
        return self._user is None or _owner(path) == self._user


def _owner(path: Path) -> str | None:
    """Return the user who created the set; None if it was created without tokens."""
    try:
        found = read_json(path / "owner.json")
    except UnreadableError:
        return None
    return found.get("user") if isinstance(found, dict) else None


def prompts_of(texts: Sequence[str]) -> tuple[Prompt, ...]:
    """Return a prompt for each distinct text."""
    wanted = dict.fromkeys(" ".join(text.split()) for text in texts if text.strip())
    return tuple(Prompt(f"prompt_{number:03d}", text) for number, text in enumerate(wanted, start=1))
