"""What every reader of rows gives: one row for each recording or utterance, whatever file it came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicelab.errors import InputError

TEXT_COLUMNS = ("text", "sentence", "transcription", "transcript")
"""What the reference may be called: NeMo, Common Voice, Hugging Face. The first one that a file has is taken."""
AUDIO_COLUMNS = ("audio_filepath", "file_name", "path", "audio")
SPEAKER_COLUMNS = ("speaker", "client_id", "speaker_id")
ID_COLUMNS = ("id",)
HYPOTHESIS_COLUMNS = ("pred_text",)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One entry of a file.

    number: its line there, from 1 (in parquet its place among the rows). file: where it stands, if that is not the
    table's own path.
    """

    number: int
    values: Mapping[str, Any]
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file, in its order.

    path: the file that messages name. columns: every column that any row has. notices: what the reader left out.
    home: what the paths of recordings are relative to.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    home: Path
    notices: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: Path, rows: list[TableRow], *, home: Path | None = None) -> Table:
        """A table whose columns are those that the rows have."""
        columns = tuple(dict.fromkeys(name for row in rows for name in row.values))
        return cls(path, columns, tuple(rows), home if home is not None else path.parent)

    def place(self, row: TableRow) -> str:
        """Where a row stands, for a message."""
        return f"{row.file or self.path}: line {row.number}"

    def fail(self, row: TableRow, column: str, problem: str) -> InputError:
        """What is wrong with a field, with its place."""
        return InputError(f"{self.place(row)}: field {column!r} {problem}")

    def column(self, known: tuple[str, ...]) -> str | None:
        """The first of the known names that the table has as a column."""
        return next((name for name in known if name in self.columns), None)

    def chosen(self, name: str | None, known: tuple[str, ...], option: str) -> str | None:
        """The column of that name, or without a name the first of the known ones.

        Raises InputError that lists the columns where the named one is missing; option: what named it.
        """
        if name is None or name in self.columns or not self.rows:
            return self.column(known) if name is None else name
        raise self.fail(self.rows[0], name, f"is missing; the columns are: {self.listed()}; name one with {option}")

    def listed(self) -> str:
        """The columns, for a message."""
        return ", ".join(map(repr, self.columns)) or "none"


def seconds(value: Any) -> float | None:
    """An instant or a length in seconds; None for an empty cell. ValueError says what is wrong with it."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"must be a number of seconds, not {value!r}")
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"must be a number of seconds, not {value!r}") from None
    if not math.isfinite(found):
        raise ValueError(f"must be a finite number of seconds, not {value!r}")
    if found < 0:
        raise ValueError(f"must not be negative, and is {value!r}")
    return found
