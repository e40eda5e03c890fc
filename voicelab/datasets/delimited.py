"""Reads CSV and TSV tables.

In .csv, quoted cells may contain commas and line breaks. Semicolons or vertical bars may separate the columns, and a
first line `sep=;` may name the separator, as spreadsheets in many countries write it. In .tsv, quotation marks are
ordinary characters and every line is a row, as in Common Voice.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from voicelab.datasets.rows import Table, TableRow
from voicelab.datasets.text_files import read_text, split_lines
from voicelab.errors import InputError
from voicelab.text.plural import listed

_SEPARATOR = re.compile(r"[\r\n]*\"?sep=(.)\"?[;,]*(?:\r\n|\r|\n)", re.IGNORECASE)


def read(path: Path) -> Table:
    """Read a CSV file with a header.

    Raises InputError for missing or duplicate names over non-empty columns, and for rows with more or fewer cells than
    the header. Empty rows and columns are skipped with a notice.
    """
    return _headed(path, _csv_lines(path, read_text(path)), "quote texts that contain a comma")


def read_tsv(path: Path) -> Table:
    """Read a TSV file, under the rules of `read`."""
    return _headed(path, _tsv_lines(path, read_text(path)), "remove tabs from the texts")


def _headed(path: Path, lines: Iterator[tuple[int, list[str]]], hint: str) -> Table:
    header = next(lines, None)
    if header is None:
        raise InputError(f"{path}: the file is empty; its first line must name the columns")
    if not any(name.strip() for name in header[1]):
        raise InputError(f"{path}: line {header[0]}: the first line must name the columns")
    return _table(path, [name.strip() for name in header[1]], list(lines), hint)


def _tsv_lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(split_lines(text), start=1):
        if not line:
            continue
        if number == 1 and "\t" not in line and ("," in line or ";" in line):
            raise InputError(f"{path}: line 1: no tab separates the columns; rename the file to .csv if it is CSV")
        yield number, line.split("\t")


def _csv_lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    named = _SEPARATOR.match(text)
    delimiter = named[1] if named else _delimiter(path, text)
    before = 1 if named else 0
    reader = csv.reader(
        io.StringIO(text[named.end() :] if named else text, newline=""), delimiter=delimiter, strict=True
    )
    number = before + 1
    try:
        for cells in reader:
            if cells:
                yield number, cells
            number = before + reader.line_num + 1
    except csv.Error as error:
        way_out = "; close the quotation mark" if "end of data" in str(error) else ""
        raise InputError(f"{path}: line {number}: not CSV: {error}{way_out}") from error


def _delimiter(path: Path, text: str) -> str:
    first = next(iter(split_lines(text.lstrip("\r\n"))), "")
    if "," in first:
        return ","
    if "\t" in first:
        raise InputError(f"{path}: line 1: tabs separate the columns; rename the file to .tsv")
    return next((sign for sign in ";|" if sign in first), ",")


def _table(path: Path, names: list[str], lines: Sequence[tuple[int, list[str]]], hint: str) -> Table:
    empty = {number: None for number, cells in lines if len(names) > 1 and not any(cell.strip() for cell in cells)}
    filled = [(number, cells) for number, cells in lines if number not in empty]
    rows = tuple(TableRow(number, _values(path, number, cells, names, hint)) for number, cells in filled)
    wide = [number for number, cells in lines if any(len(cell.strip().splitlines()) > 1 for cell in cells)]
    split = "a quoted cell has several lines; if these are separate rows, double the quotation mark that opens the cell"
    longer = [number for number, cells in filled if len(cells) > len(names)]
    beyond = "empty cells beyond the header's columns were dropped"
    found = ((wide, split), ([*empty], "empty rows were skipped"), (longer, beyond))
    notices = [f"{path}: line {listed(numbers)}: {what}" for numbers, what in found if numbers]
    for place, name in enumerate(names):
        if not name:
            _refuse_filled(path, place, lines)
        elif name in names[:place]:
            raise InputError(f"{path}: line 1: two columns have the name {name!r}; rename one")
    if "" in names:
        notices.append(f"{path}: line 1: an empty column without a name was dropped")
    return Table(path, tuple(name for name in names if name), rows, path.parent, tuple(notices))


def _values(path: Path, number: int, cells: list[str], names: list[str], hint: str) -> dict[str, str]:
    """Return the cells of a row by the names of their columns."""
    if len(cells) != len(names) and (len(cells) < len(names) or any(cell.strip() for cell in cells[len(names) :])):
        raise InputError(f"{path}: line {number}: {len(cells)} fields, but the header has {len(names)}; {hint}")
    return {name: cell for name, cell in zip(names, cells, strict=False) if name}


def _refuse_filled(path: Path, place: int, lines: Sequence[tuple[int, list[str]]]) -> None:
    filled = next((number for number, cells in lines if len(cells) > place and cells[place].strip()), None)
    if filled is not None:
        raise InputError(
            f"{path}: line {filled}: column {place + 1} has a value, but no name in line 1; name or clear the column"
        )
