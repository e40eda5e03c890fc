"""The table of formats and their detection. To add a format, write a reader in a new file and add a line here."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from voicelab.datasets import delimited, json_lines, kaldi, librispeech, parquet, sentences, text_folder, voice_samples
from voicelab.datasets.rows import Table
from voicelab.datasets.text_files import bare_name, read_text, split_lines
from voicelab.errors import InputError

Form = Literal["voice_samples", "jsonl", "csv", "tsv", "parquet", "kaldi", "librispeech", "folder", "txt"]
FORMS: tuple[str, ...] = get_args(Form)
_READERS: dict[str, Callable[[Path], Table]] = {
    "voice_samples": voice_samples.table,
    "jsonl": json_lines.read,
    "csv": delimited.read,
    "tsv": delimited.read_tsv,
    "parquet": parquet.read,
    "kaldi": kaldi.read,
    "librispeech": librispeech.read,
    "folder": text_folder.read,
    "txt": sentences.read,
}
_ENDINGS: dict[str, Form] = {
    ".jsonl": "jsonl", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".txt": "txt",
}  # fmt: skip
_METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
"""File names of the table in a Hugging Face audio folder."""
KNOWN = (
    "a voice_samples.json or its folder, a file ending in .json, .jsonl, .csv, .tsv (each also with .gz), .parquet, "
    ".trans.txt or .txt, a Kaldi folder or its `text`, or a folder of recordings with texts"
)


def find(path: Path) -> tuple[Path, Form] | None:
    """Return the file or folder to read and its format, or None for an unknown format."""
    if path.is_dir():
        return _in_folder(path)
    name = bare_name(path)
    if name.name.lower().endswith(librispeech.ENDING):
        return path, "librispeech"
    if name.suffix.lower() == ".json":
        return path, "jsonl" if _is_json_lines(path) else "voice_samples"
    if name.name == "text":
        return path, "kaldi"
    found = _ENDINGS.get(name.suffix.lower())
    return (path, found) if found is not None else None


def read_table(path: Path, form: Form) -> Table:
    """Read the rows of a path, for their texts. Raises InputError, which names the file and the line."""
    table = _READERS[form](path)
    if path.name in _METADATA or (form == "librispeech" and path.is_dir()):
        return replace(table, notices=(*table.notices, *text_folder.left_out(table, _METADATA)))
    return table


def read_set(path: Path, form: Form) -> Table:
    """Read the rows of a path, with their recordings."""
    return kaldi.read_set(path) if form == "kaldi" else read_table(path, form)


def _in_folder(path: Path) -> tuple[Path, Form] | None:
    if (path / voice_samples.NAME).is_file():
        return path / voice_samples.NAME, "voice_samples"
    if kaldi.is_folder(path):
        return path, "kaldi"
    for name in _METADATA:
        if (path / name).is_file():
            return path / name, _ENDINGS[Path(name).suffix]
    if librispeech.is_folder(path):
        return path, "librispeech"
    if text_folder.is_folder(path):
        return path, "folder"
    inside = tables_inside(path)
    return find(inside[0]) if len(inside) == 1 else None


def tables_inside(path: Path) -> list[Path]:
    """The tables in a folder or its subfolders, such as the splits of a data set, of which one must be chosen."""
    files = sorted(one for one in (*path.glob("*"), *path.glob("*/*")) if one.is_file())
    return [one for one in files if _ENDINGS.get(bare_name(one).suffix.lower(), "txt") != "txt"]


def _is_json_lines(path: Path) -> bool:
    """Whether a .json file has one object per line, as NeMo's manifests often do, or is an array of objects."""
    try:
        if json_lines.is_array(path):
            return True
        first = next((line for line in split_lines(read_text(path)) if line.strip()), "")
        values = json.loads(first)
    except (InputError, json.JSONDecodeError, RecursionError):
        return False
    return isinstance(values, dict) and "samples" not in values
