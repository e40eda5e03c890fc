"""Reads a folder with one text file per utterance next to its recording: `a/0001.txt` and `a/0001.wav`."""

from collections.abc import Sequence
from pathlib import Path

from voicelab.audio.sound_files import ENDINGS, beside
from voicelab.datasets.librispeech import ENDING as LIBRISPEECH
from voicelab.datasets.rows import Table, TableRow
from voicelab.datasets.text_files import read_text
from voicelab.errors import InputError
from voicelab.text.plural import counted


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
            f"{path}: {counted(len(lonely), 'recording')} without a text, the first is {lonely[0].relative_to(path)}; "
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


def left_out(table: Table, names: Sequence[str]) -> list[str]:
    """A notice about recordings beside a folder's table that it does not name.

    names: names of such tables; a subfolder that has its own is another set.
    """
    named = {table.home / value for row in table.rows for value in row.values.values() if isinstance(value, str)}
    others = {one.parent for name in names for one in table.home.rglob(name)} - {table.home}
    lonely = [one for one in _sounds(table.home) if one not in named and not others & set(one.parents)]
    if not lonely:
        return []
    return [
        f"{table.path}: {counted(len(lonely), 'recording')} in its folder without a row, left out; the first is "
        f"{lonely[0].relative_to(table.home)}; add a row for each, or remove them"
    ]


def _texts(path: Path) -> list[Path]:
    return sorted(one for one in path.rglob("*.txt") if not one.name.endswith(LIBRISPEECH) and one.is_file())


def _sounds(path: Path) -> list[Path]:
    return sorted(one for one in path.rglob("*") if one.suffix.lower() in ENDINGS and one.is_file())
