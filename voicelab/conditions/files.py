"""Noise recordings and impulse responses: one sound file, or a folder of them.

Of a folder, each sample gets one file, chosen by the seed and the sample's id.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.sound_files import ENDINGS
from voicelab.conditions.randomness import generator
from voicelab.errors import InputError

_KEPT_CLIPS = 32


def sound_files(path: str | Path, field: str) -> tuple[Path, ...]:
    """Return the sound file at `path`, or the sound files below it in path order.

    field: the field of the condition, for messages. Raises InputError when there is none.
    """
    place = Path(path).expanduser()
    if place.is_file():
        return (place,)
    if not place.is_dir():
        raise InputError(f"condition: {field}={path}: does not exist; give a sound file or a folder of sound files")
    found = tuple(sorted(one for one in place.rglob("*") if one.suffix.lower() in ENDINGS and one.is_file()))
    if not found:
        raise InputError(f"condition: {field}={path}: contains no sound files; their names end in {', '.join(ENDINGS)}")
    return found


def chosen_file(path: str | Path, field: str, seed: int, sample_id: str) -> Path:
    """Return the file for one sample. Raises InputError when there is none."""
    files = sound_files(path, field)
    return files[int(generator(seed, field, "file", sample_id).integers(len(files)))]


def excerpt(file: Path, count: int, chance: np.random.Generator) -> Clip:
    """Return `count` samples at SPEECH_RATE_HZ from a random position; a short recording is repeated.

    Raises InputError, which names the file, when it cannot be decoded or contains no audio.
    """
    samples = sound(file, SPEECH_RATE_HZ).samples
    start = int(chance.integers(len(samples)))
    repeats = -(-(start + count) // len(samples))
    return Clip(np.tile(samples, repeats)[start : start + count], SPEECH_RATE_HZ)


def sound(file: Path, rate_hz: int) -> Clip:
    """Return a file's sound at a rate; the last files are cached. Raises InputError, which names the file."""
    try:
        facts = file.stat()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    return _decoded(file, rate_hz, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=_KEPT_CLIPS)
def _decoded(file: Path, rate_hz: int, _changed_ns: int, _size: int) -> Clip:
    clip = decoding.load(decoding.read_bytes(file), source=str(file), rate_hz=rate_hz).clip
    if not len(clip.samples):
        raise InputError(f"{file}: contains no audio")
    return clip


def digest(path: str | Path, field: str) -> str:
    """Return the SHA-256 of the names and contents of the files at `path`."""
    made = hashlib.sha256()
    for file in sound_files(path, field):
        made.update(file.name.encode())
        made.update(hashlib.sha256(decoding.read_bytes(file)).digest())
    return made.hexdigest()
