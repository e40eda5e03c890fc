"""Download a model with the hub's own package into its cache, and verify every file."""

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from voicelab.engines.weights.cache import RECORD, huggingface_cache, missing, modelscope_cache, sha256
from voicelab.engines.weights.catalog import Model
from voicelab.errors import EngineMissingError, InputError, VoicelabError

Hub = Literal["modelscope", "huggingface"]
ENDPOINTS: dict[Hub, str] = {"modelscope": "https://www.modelscope.cn", "huggingface": "https://huggingface.co"}

Digests = Mapping[str, str | None]
"""The sha256 of each file in the hub's listing; None if the listing has none (small files on Hugging Face)."""


def pull(model: Model, hub: Hub, *, mirror: str | None = None, revision: str | None = None) -> Path:
    """Download a model and return its folder; files already present are verified, not fetched again.

    mirror: address of a server with the hub's API. No token is sent. Raises InputError when the hub has no such model
    or revision, EngineMissingError when the hub's package is not installed, VoicelabError when the hub is unreachable
    or a file does not match its listing; such a file is deleted.
    """
    identity = getattr(model, hub)
    if identity is None:
        raise InputError(f"{hub} does not have this model; leave out --source, or use the other hub")
    endpoint = (mirror or ENDPOINTS[hub]).rstrip("/")
    download = _from_modelscope if hub == "modelscope" else _from_huggingface
    named = revision or ("master" if hub == "modelscope" else "main")
    with _translated_errors(hub, endpoint, identity):
        folder, commit, listed = download(endpoint, identity, named, model.files)
    kept = {path: _checked(folder / path, digest) for path, digest in listed.items()}
    if lacking := missing(folder, model.files):
        raise VoicelabError(f"{folder}: {', '.join(lacking)} is empty; pull the model again")
    record = {"id": identity, "hub": hub, "endpoint": endpoint, "revision": named, "commit": commit, "files": kept}
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return folder


def _from_huggingface(
    endpoint: str, identity: str, revision: str, patterns: Sequence[str]
) -> tuple[Path, str | None, Digests]:
    from huggingface_hub import HfApi, snapshot_download

    info = HfApi(endpoint=endpoint, token=False).model_info(identity, revision=revision, files_metadata=True)
    listed = {one.rfilename: one.lfs.sha256 if one.lfs else None for one in info.siblings or ()}
    wanted = _matching(listed, patterns, f"{identity} at {endpoint}")
    folder = snapshot_download(
        identity, revision=revision, endpoint=endpoint, token=False,
        cache_dir=huggingface_cache(), allow_patterns=list(wanted),
    )  # fmt: skip
    return Path(folder), info.sha, wanted


def _from_modelscope(
    endpoint: str, identity: str, revision: str, patterns: Sequence[str]
) -> tuple[Path, str | None, Digests]:
    from modelscope_hub import HubApi, HubConfig

    api = HubApi(HubConfig(endpoint=endpoint, cache_dir=modelscope_cache(), token=""))
    files = api.list_repo_files(identity, "model", revision=revision)
    listed = {one.path: one.sha256 for one in files if one.type != "tree"}
    wanted = _matching(listed, patterns, f"{identity} at {endpoint}")
    folder = api.download_repo(identity, "model", revision=revision, allow_patterns=list(wanted))
    return folder, None, wanted


def _matching(listed: Digests, patterns: Sequence[str], where: str) -> Digests:
    """Return the files that match the patterns. Raises InputError for a pattern without a match."""
    if absent := [pattern for pattern in patterns if not fnmatch.filter(listed, pattern)]:
        raise InputError(f"{where}: no {', '.join(absent)} in it")
    return {path: digest for path, digest in listed.items() if any(fnmatch.fnmatch(path, one) for one in patterns)}


def _checked(path: Path, digest: str | None) -> dict[str, object]:
    """Return size and digest of a file, for the record. Deletes a file whose digest differs from the hub's."""
    found = sha256(path)
    if digest not in (None, found):
        path.resolve().unlink()  # on Hugging Face the path is a link
        path.unlink(missing_ok=True)
        raise VoicelabError(f"{path.name}: the sha256 differs from the hub's listing; pull again")
    return {"size": path.stat().st_size, "sha256": found}


@contextmanager
def _translated_errors(hub: Hub, endpoint: str, identity: str) -> Iterator[None]:
    try:
        errors = _errors(hub)
    except ImportError as error:
        raise EngineMissingError(hub, f"{error}; run: pip install 'voicelab[weights]'") from error
    try:
        yield
    except errors as error:
        status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
        if status == 404:
            raise InputError(f"{endpoint} has no {identity} at this revision; check --revision and --source") from error
        if status is not None:
            raise VoicelabError(
                f"{endpoint} answered {status} for {identity}; try again, or another --mirror"
            ) from error
        # ModelScope reports the first fault of each file.
        path, cause = next(iter(getattr(error, "failed_files", {}).items()), (identity, error))
        what = str(cause).partition("\n")[0]
        raise VoicelabError(f"{path}: {what}; pull again, or try another --source or --mirror ({endpoint})") from error
    except (KeyError, TypeError, ValueError) as error:
        raise VoicelabError(f"{endpoint} did not answer with a list of files ({error!r}); check --mirror") from error


def _errors(hub: Hub) -> tuple[type[Exception], ...]:
    """The exceptions of the hub's package."""
    if hub == "huggingface":
        from httpx2 import HTTPError

        return HTTPError, OSError
    from modelscope_hub import HubError

    return HubError, OSError
