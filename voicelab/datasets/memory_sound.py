"""Recordings in the cells of an in-memory dataset."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.datasets.segment import encode
from voicelab.errors import InputError


@dataclass(frozen=True, slots=True)
class EncodedSound:
    """An encoded recording and its name."""

    name: str
    data: bytes

    def __str__(self) -> str:
        return self.name


def encoded_sound(cell: bytes | Mapping[str, Any], where: str) -> EncodedSound | str:
    """Return the recording in a cell, or its path if the cell refers to a file.

    cell: encoded bytes, {"bytes", "path"} with one of them, or {"array", "sampling_rate"} with float samples of shape
    (n,), -1..1. where: the row and the field, for messages. Raises InputError for another cell.
    """
    if isinstance(cell, bytes):
        return _named(None, cell, where)
    if cell.get("array") is not None:
        return _named(cell.get("path"), _wav(cell, where), where)
    if cell.get("bytes") is not None:
        return _named(cell.get("path"), bytes(cell["bytes"]), where)
    if cell.get("path"):
        return str(cell["path"])
    raise InputError(f"{where}: contains no recording; it needs bytes, a path, or array and sampling_rate")


def _wav(cell: Mapping[str, Any], where: str) -> bytes:
    samples = np.asarray(cell["array"])
    rate_hz = cell.get("sampling_rate")
    if samples.ndim != 1 or not np.issubdtype(samples.dtype, np.floating):
        raise InputError(f"{where}: array must be of floats and shape (n,), not {samples.dtype} of {samples.shape}")
    if not isinstance(rate_hz, int) or rate_hz <= 0:
        raise InputError(f"{where}: sampling_rate must be a positive integer, not {rate_hz!r}")
    return encode(Clip(samples.astype(np.float32), rate_hz))


def _named(name: Any, data: bytes, where: str) -> EncodedSound:
    if not data:
        raise InputError(f"{where}: contains no recording")
    return EncodedSound(str(name) if name else f"{hashlib.sha256(data).hexdigest()[:12]}.audio", data)
