"""Copy the recordings of a set into the folder of its next version, under unique names."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

from voicelab.audio.decoding import container_name
from voicelab.datasets import Sample
from voicelab.datasets.file_names import file_name
from voicelab.errors import InputError


def places(home: Path, samples: Sequence[Sample], taken: Iterable[str]) -> dict[str, Path]:
    """Return the path of each sample's recording relative to the new folder, by sample id.

    A recording below `home`, the old set's folder, keeps its relative path. Other recordings, and audio from a parquet
    table, go to audio/ under a unique name made from the sample's id that is not in `taken`. Samples that share a
    recording share its copy.
    """
    home = home.resolve()
    reserved = {name.lower() for name in taken}
    sources = {sample.id: (sample.audio_path.resolve(), sample.row) for sample in samples}
    found: dict[tuple[Path, int | None], Path] = {}
    for source, row in sources.values():
        if row is None and source.is_relative_to(home) and source.relative_to(home).as_posix().lower() not in reserved:
            found[source, row] = source.relative_to(home)
    # Names are compared without case, because some file systems ignore it.
    used = reserved | {place.as_posix().lower() for place in found.values()}
    for sample in samples:
        recording = sources[sample.id]
        if recording not in found:
            found[recording] = next(place for place in _names(sample) if place.as_posix().lower() not in used)
            used.add(found[recording].as_posix().lower())
    return {sample_id: found[source] for sample_id, source in sources.items()}


def _names(sample: Sample) -> Iterator[Path]:
    name, ending = file_name(sample.id), sample.audio_path.suffix
    if sample.row is not None:
        ending = f".{container_name(sample.recording_bytes()) or 'sound'}"
    if not ending.isascii() or len(ending) > 8:
        ending = ""
    yield Path("audio", f"{name}{ending}")
    for number in count(2):
        yield Path("audio", f"{name}-{number}{ending}")


def copy(samples: Iterable[Sample], where: dict[str, Path], folder: Path) -> dict[str, str]:
    """Copy the recordings into `folder` and return the SHA-256 of each sample's audio, taken from the old files.

    Raises InputError if a recording cannot be read or does not match its checksum.
    """
    digests = {}
    for sample in samples:
        digests[sample.id] = digest(sample)
        target = folder / where[sample.id]
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if sample.row is None:
            shutil.copyfile(sample.audio_path, target)
        else:
            target.write_bytes(sample.recording_bytes())
    return digests


def check(samples: Iterable[Sample], digests: dict[str, str]) -> None:
    """Raise InputError if the audio of a sample differs between the old and the new version."""
    for sample in samples:
        if digest(sample) != digests[sample.id]:
            raise InputError(
                f"{sample.source}: its audio in the new version differs from the old one; was the recording changed "
                "meanwhile? try again"
            )


def digest(sample: Sample) -> str:
    """The SHA-256 of a sample's audio as it is sent."""
    return hashlib.sha256(sample.audio_bytes()).hexdigest()
