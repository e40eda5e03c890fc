"""Finds models in the caches of ModelScope and Hugging Face, without network access."""

import fnmatch
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from voicelab.engines.weights.catalog import known_files
from voicelab.errors import InputError

RECORD = ".voicelab-model.json"
"""Written into a folder after a pull and its checks: source, revision, and size and digest of each file."""


def find(model: str, revision: str | None = None) -> Path | None:
    """Return the folder of a model, or None. `model` is a path, or a hub id that was fetched before.

    Raises InputError for a folder that lacks files of a known model.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder.resolve()
    patterns = known_files(model)
    for candidate in cached(model, revision):
        if not missing(candidate, patterns):
            return candidate
    return None


def cached(repository: str, revision: str | None = None) -> Iterator[Path]:
    """Yield folders in the caches of ModelScope and Hugging Face that hold this id (and revision), best first."""
    owner, slash, name = repository.partition("/")
    if not slash or not owner or "/" in name:
        return
    wanted = [revision] if revision else ["master", "main"]
    for base in (modelscope_cache(), huggingface_cache()):
        for folder in (base / f"models--{owner}--{name}", base / "models" / f"{owner}--{name}"):
            for wish in wanted:
                reference = folder / "refs" / wish
                commit = reference.read_text().strip() if reference.is_file() else wish
                yield from _folders(folder / "snapshots" / commit)
            if not revision:
                yield from sorted((folder / "snapshots").glob("*"), reverse=True)
        for parent in ("models", "hub/models", "hub"):
            for old in _folders(base / parent / owner / name.replace(".", "___")):
                if revision is None or str(read_record(old).get("revision", "")) == revision:
                    yield old


def _folders(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield path


def modelscope_cache() -> Path:
    return Path(os.environ.get("MODELSCOPE_CACHE") or Path.home() / ".cache" / "modelscope")


def huggingface_cache() -> Path:
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub")


def missing(folder: Path, patterns: Sequence[str]) -> list[str]:
    """Return the patterns that match no non-empty file."""
    names = [path.name for path in folder.iterdir() if path.is_file() and path.stat().st_size]
    return [pattern for pattern in patterns if not fnmatch.filter(names, pattern)]


def read_record(folder: Path) -> dict[str, object]:
    """Return the record of a pull, empty without one."""
    file = folder / RECORD
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise InputError(f"{file}: not JSON: {error}; pull the model again") from error
    return found if isinstance(found, dict) else {}


def revision_of(folder: Path, weights: str = "model.pt") -> str:
    """Identify the weights: id and commit from the record if the sizes still match, otherwise a digest.

    When the hub gave no commit, the result is the name of the revision and a digest.
    """
    record = read_record(folder)
    files = record.get("files")
    if isinstance(files, dict) and files:
        sizes = {name: _size(folder / name) for name in files}
        if all(sizes[name] == files[name]["size"] for name in files):
            if record.get("commit"):
                return f"{record['id']} {record['commit']}"
            return f"{record['id']} {record['revision']} sha256:{files[weights]['sha256'][:16]}"
    return f"{folder.name} sha256:{sha256(folder / weights)[:16]}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
