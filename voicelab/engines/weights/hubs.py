"""Downloads a model from a hub into the cache of the hub's own tools and verifies every file."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx

from voicelab.engines.weights.cache import RECORD, huggingface_cache, missing, modelscope_cache, sha256
from voicelab.engines.weights.catalog import Model
from voicelab.errors import InputError, VoicelabError

Hub = Literal["modelscope", "huggingface"]
MIRRORS: dict[Hub, str] = {"modelscope": "https://www.modelscope.cn", "huggingface": "https://huggingface.co"}
_BRANCH: dict[Hub, str] = {"modelscope": "master", "huggingface": "main"}
_TIMEOUT_S = 60.0
_BLOCK = 1 << 20

Progress = Callable[[int, int], None]
"""Called while bytes arrive, with the number received and the total."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as listed by the hub; sha256 is None where the hub lists none (small files on Hugging Face)."""

    path: str
    size: int | None
    sha256: str | None


def pull(model: Model, hub: Hub, *, mirror: str | None = None, revision: str | None = None, progress: Progress) -> Path:
    """Download a model and return its folder; files already present are verified, not fetched again.

    mirror: address of a server with the hub's API. Raises InputError when the hub has no such model or revision,
    VoicelabError when the hub is unreachable or a file does not match its listing; such a file is deleted.
    """
    identity = getattr(model, hub)
    if identity is None:
        raise InputError(f"{hub} does not have this model; leave out --source, or use the other hub")
    endpoint = (mirror or MIRRORS[hub]).rstrip("/")
    with _reaching(endpoint, identity), httpx.Client(follow_redirects=True, timeout=_TIMEOUT_S) as client:
        named = revision or _BRANCH[hub]
        commit, listed = _list(client, hub, endpoint, identity, named)
        # Hugging Face stores and serves a model by commit, ModelScope by the requested name.
        kept_as = commit if hub == "huggingface" and commit else named
        wanted = [file for file in listed if any(fnmatch.fnmatch(file.path, pattern) for pattern in model.files)]
        if absent := [
            pattern for pattern in model.files if not fnmatch.filter([file.path for file in wanted], pattern)
        ]:
            raise InputError(f"{identity} at {endpoint}: no {', '.join(absent)} in it")
        folder = _folder(hub, identity, named, kept_as)
        total, done = sum(file.size or 0 for file in wanted), 0
        for file in wanted:
            if not _is_here(folder / file.path, file):
                address = _address(hub, endpoint, identity, kept_as, file.path)
                for count in _fetch(client, address, folder / file.path, file):
                    progress(done + count, total)
            done += file.size or 0
            progress(done, total)
    if lacking := missing(folder, model.files):
        raise VoicelabError(f"{folder}: {', '.join(lacking)} is empty; pull the model again")
    _note(folder, {"id": identity, "hub": hub, "endpoint": endpoint, "revision": named, "commit": commit}, wanted)
    return folder


@contextmanager
def _reaching(endpoint: str, identity: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status == 404:
            raise InputError(f"{endpoint} has no {identity} at this revision; check --revision and --source") from error
        raise VoicelabError(f"{endpoint} answered {status} for {identity}; try again, or another --mirror") from error
    except httpx.HTTPError as error:
        raise VoicelabError(f"{endpoint} cannot be reached: {error}; try another --source or --mirror") from error
    except (KeyError, TypeError, ValueError) as error:
        raise VoicelabError(f"{endpoint} did not answer with a list of files ({error!r}); check --mirror") from error


def _list(
    client: httpx.Client, hub: Hub, endpoint: str, identity: str, revision: str
) -> tuple[str | None, list[RemoteFile]]:
    """Return the commit of a revision (None where the hub gives none) and its files."""
    if hub == "huggingface":
        answer = _json(client, f"{endpoint}/api/models/{identity}/revision/{revision}", blobs="true")
        rows = answer["siblings"]
        return answer["sha"], [
            RemoteFile(row["rfilename"], row.get("size"), (row.get("lfs") or {}).get("sha256")) for row in rows
        ]
    answer = _json(client, f"{endpoint}/api/v1/models/{identity}/repo/files", Revision=revision, Recursive="true")
    rows = [row for row in answer["Data"]["Files"] if row.get("Type") != "tree"]
    newest = answer["Data"].get("LatestCommitter") or {}
    commit = newest.get("Id") or newest.get("ShortId") or None
    return commit, [RemoteFile(row["Path"], row.get("Size"), row.get("Sha256") or None) for row in rows]


def _json(client: httpx.Client, url: str, **query: str) -> Any:
    answer = client.get(url, params=query)
    answer.raise_for_status()
    return answer.json()


def _address(hub: Hub, endpoint: str, identity: str, commit: str, path: str) -> httpx.URL:
    if hub == "huggingface":
        return httpx.URL(f"{endpoint}/{identity}/resolve/{commit}/{path}")
    return httpx.URL(f"{endpoint}/api/v1/models/{identity}/repo", params={"Revision": commit, "FilePath": path})


def _folder(hub: Hub, identity: str, named: str, kept_as: str) -> Path:
    """Return the folder where the hub's own tools look for it."""
    flat = identity.replace("/", "--")
    if hub == "modelscope":
        return modelscope_cache() / "models" / flat / "snapshots" / kept_as
    base = huggingface_cache() / f"models--{flat}"
    reference = base / "refs" / named
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_text(kept_as)
    return base / "snapshots" / kept_as


def _is_here(path: Path, file: RemoteFile) -> bool:
    if not path.is_file() or (file.size is not None and path.stat().st_size != file.size):
        return False
    return file.sha256 is None or sha256(path) == file.sha256


def _fetch(client: httpx.Client, url: httpx.URL, path: Path, file: RemoteFile) -> Iterator[int]:
    """Download one file and rename it after verification; yields the number of bytes received so far.

    A partial file with a known digest is kept after a broken connection, and the next call resumes it if the server
    supports that. The digest verifies that both parts belong together.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    try:
        count = draft.stat().st_size if file.sha256 is not None and draft.is_file() else 0
        with client.stream("GET", url, headers={"Range": f"bytes={count}-"} if count else {}) as answer:
            if answer.status_code != httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:  # 416: already complete
                answer.raise_for_status()
                if answer.status_code != httpx.codes.PARTIAL_CONTENT:
                    count = 0
                with draft.open("ab" if count else "wb") as sink:
                    for block in answer.iter_bytes(_BLOCK):
                        sink.write(block)
                        count += len(block)
                        yield count
        fault = _fault(draft, file)
        if fault:
            draft.unlink()
            raise VoicelabError(f"{file.path}: {fault}; pull again")
        draft.replace(path)
    except OSError as error:
        raise VoicelabError(f"{path}: cannot be written: {error.strerror}") from error


def _fault(draft: Path, file: RemoteFile) -> str | None:
    """Return what is wrong with a downloaded file."""
    count = draft.stat().st_size
    if file.size is not None and count != file.size:
        return f"received {count} bytes, but the hub lists {file.size}"
    if file.sha256 is not None and sha256(draft) != file.sha256:
        return "the sha256 differs from the hub's listing"
    return None


def _note(folder: Path, origin: dict[str, str | None], files: list[RemoteFile]) -> None:
    kept = {file.path: {"size": (folder / file.path).stat().st_size, "sha256": sha256(folder / file.path)}
            for file in files}  # fmt: skip
    record = {**origin, "files": kept}
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
