"""Reads plain text, one sentence per line. A blank line is an utterance without words."""

from pathlib import Path

from voicelab.datasets.rows import Table, TableRow
from voicelab.datasets.text_files import read_text, split_lines


def read(path: Path) -> Table:
    """Read the lines of a .txt file as rows with `text`."""
    lines = enumerate(split_lines(read_text(path)), start=1)
    return Table(
        path, ("text",), tuple(TableRow(number, {"text": line.strip()}) for number, line in lines), path.parent
    )
