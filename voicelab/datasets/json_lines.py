"""Reads JSON lines, one object per line, as in NeMo's manifests.

{"audio_filepath": "a/0001.wav", "offset": 0.0, "duration": 2.5, "text": "hello there", "pred_text": "hello their"}
"""

from __future__ import annotations

from pathlib import Path

from voicelab.datasets import strict_json
from voicelab.datasets.rows import Table, TableRow
from voicelab.datasets.text_files import numbered_lines
from voicelab.errors import InputError


def read(path: Path) -> Table:
    """Read a .jsonl or .jsonl.gz file. Raises InputError, which names the invalid line."""
    return Table.of(path, [_row(path, number, line) for number, line in numbered_lines(path)])


def _row(path: Path, number: int, line: str) -> TableRow:
    try:
        values = strict_json.loads(line)
    except ValueError as error:
        raise InputError(f"{path}: line {number}: not JSON: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: line {number}: must be an object with fields, not {type(values).__name__}")
    return TableRow(number, values)
