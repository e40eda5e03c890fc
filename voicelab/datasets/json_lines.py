"""Reads JSON lines, one object per line, as in NeMo's manifests.

{"audio_filepath": "a/0001.wav", "offset": 0.0, "duration": 2.5, "text": "hello there", "pred_text": "hello their"}
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from voicelab.datasets import strict_json
from voicelab.datasets.rows import Table, TableRow
from voicelab.datasets.text_files import numbered_lines, read_text
from voicelab.errors import InputError


def read(path: Path) -> Table:
    """Read a .jsonl or .jsonl.gz file, or an array of objects. Raises InputError, which names the invalid line."""
    entries: Iterable[tuple[int, Any]]
    if is_array(path):
        entries = enumerate(_loaded(path, 1, read_text(path)), start=1)
    else:
        entries = ((number, _loaded(path, number, line)) for number, line in numbered_lines(path))
    return Table.of(path, [_row(path, number, entry) for number, entry in entries])


def is_array(path: Path) -> bool:
    """Return whether a file is a JSON array, and not one object per line."""
    return read_text(path).lstrip("\ufeff \t\r\n").startswith("[")


def _loaded(path: Path, number: int, text: str) -> Any:
    try:
        return strict_json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: line {number}: not JSON: {error}") from error


def _row(path: Path, number: int, values: Any) -> TableRow:
    if not isinstance(values, dict):
        raise InputError(f"{path}: line {number}: must be an object with fields, not {type(values).__name__}")
    return TableRow(number, values)
