"""Reads a folder with one text file per utterance next to its recording: `a/0001.txt` and `a/0001.wav`."""

from __future__ import annotations

from pathlib import Path

from voicelab.audio.sound_files import ENDINGS, beside
from voicelab.datasets.librispeech import ENDING as LIBRISPEECH
from voicelab.datasets.rows import Table, TableRow
from voicelab.datasets.text_files import read_text
from voicelab.errors import InputError


def is_folder(path: Path) -> bool:
    """Whether a folder contains a text file at any depth."""
    return next(iter(_texts(path)), None) is not None


def read(path: Path) -> Table:
    """Read the texts below a folder in path order; the path without extension is the utterance's id.

    Raises InputError for a recording without a text if others have one.
    """
    texts = _texts(path)
    names = {file.with_suffix("") for file in texts}
    if lonely := [one for one in _sounds(path) if one.with_suffix("") not in names]:
        raise InputError(
            f"{path}: {len(lonely)} recordings have no text, the first is {lonely[0].relative_to(path)}; "
            f"add {lonely[0].with_suffix('.txt').name} or remove the recording"
        )
    rows = []
    for file in texts:
        name = file.relative_to(path).with_suffix("").as_posix()
        values = {"id": name, "text": " ".join(read_text(file).split())}
        sound = beside(file.with_suffix(""))
        if sound is not None:
            values["audio_filepath"] = str(sound.relative_to(path))
        rows.append(TableRow(1, values, file))
    return Table.of(path, rows, home=path)


def _texts(path: Path) -> list[Path]:
    return sorted(one for one in path.rglob("*.txt") if not one.name.endswith(LIBRISPEECH) and one.is_file())


def _sounds(path: Path) -> list[Path]:
    return sorted(one for one in path.rglob("*") if one.suffix.lower() in ENDINGS and one.is_file())
