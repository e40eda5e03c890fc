"""Where the data that comes with voicelab lies: in a checkout under data/, in an installed wheel inside the package."""

from __future__ import annotations

import os
from pathlib import Path

from voicelab.errors import InputError

_PACKAGE = Path(__file__).parent
PROJECT = _PACKAGE.parent


def shipped(name: str) -> Path:
    """The folder `name` ("market", "voice_samples", "notebooks"), or under VOICELAB_DATA when that is set.

    Raises InputError when it is nowhere.
    """
    override = os.environ.get("VOICELAB_DATA")
    if override:
        candidates = [Path(override) / name]
    else:
        candidates = [_PACKAGE / "_data" / name, PROJECT / "data" / name, PROJECT / name]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    looked = ", ".join(str(candidate) for candidate in candidates)
    raise InputError(
        f"the folder {name!r} is not there (looked at {looked}); set VOICELAB_DATA to the folder that holds it"
    )
