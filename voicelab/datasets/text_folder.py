"""A folder of texts, one utterance a file, with the recordings beside them: `a/0001.txt` and `a/0001.wav`."""

from __future__ import annotations

from pathlib import Path

from voicelab.datasets.librispeech import ENDING as LIBRISPEECH
from voicelab.datasets.rows import Table, TableRow
from voicelab.datasets.sound_files import ENDINGS, beside
from voicelab.datasets.text_files import read_text
from voicelab.errors import InputError


def is_folder(path: Path) -> bool:
    """Whether any file below a folder is a text."""
    return next(iter(_texts(path)), None) is not None


def read(path: Path) -> Table:
    """The texts below a folder, in the order of their paths; a path without its ending is the utterance's id.

    Raises InputError for a recording that has no text while others have one.
    """
    texts = _texts(path)
    names = {file.with_suffix("") for file in texts}
    if lonely := [one for one in _sounds(path) if one.with_suffix("") not in names]:
        raise InputError(
            f"{path}: {len(lonely)} recordings have no text, {lonely[0].relative_to(path)} first; "
            f"write {lonely[0].with_suffix('.txt').name} beside it, or take it out"
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
