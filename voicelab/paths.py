"""Locates the data shipped with voicelab: under data/ in a checkout, inside the package in an installed wheel."""

import os
from pathlib import Path

from voicelab.errors import InputError

_PACKAGE = Path(__file__).parent
PROJECT = _PACKAGE.parent


def shipped(name: str) -> Path:
    """Return the shipped folder `name` ("market", "voice_samples", "notebooks"), below VOICELAB_DATA if that is set.

    Raises InputError when the folder does not exist.
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
        f"the folder {name!r} does not exist (searched {looked}); set VOICELAB_DATA to the folder that contains it"
    )
