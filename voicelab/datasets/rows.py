"""The common output of all row readers: one row per recording or utterance."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from voicelab.errors import InputError

TEXT_COLUMNS = ("text", "sentence", "transcription", "transcript")
"""Column names of the reference, in order of preference: NeMo, Common Voice, Hugging Face."""
AUDIO_COLUMNS = ("audio_filepath", "file_name", "path", "audio")
SPEAKER_COLUMNS = ("speaker", "client_id", "speaker_id")
ID_COLUMNS = ("id",)
HYPOTHESIS_COLUMNS = ("pred_text",)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One entry of a file.

    number: its line from 1 (in parquet, its row). file: its file, if that is not the table's own path.
    """

    number: int
    values: Mapping[str, Any]
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file, in order.

    path: the file named in messages, or the kind of object that holds the rows. columns: every column that any row has.
    notices: what the reader skipped. home: base of relative recording paths.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    home: Path
    notices: tuple[str, ...] = ()
    in_memory: bool = False

    @classmethod
    def of(cls, path: Path, rows: list[TableRow], *, home: Path | None = None, in_memory: bool = False) -> Self:
        """Create a table with the columns that occur in the rows."""
        columns = tuple(dict.fromkeys(name for row in rows for name in row.values))
        return cls(path, columns, tuple(rows), home if home is not None else path.parent, in_memory=in_memory)

    def entry(self, row: TableRow) -> str:
        """Return what messages call a row."""
        return f"{'row' if self.in_memory else 'line'} {row.number}"

    def location(self, row: TableRow) -> str:
        return f"{row.file or self.path}: {self.entry(row)}"

    def fail(self, row: TableRow, column: str, problem: str) -> InputError:
        """Return an error about a field, with its location."""
        return InputError(f"{self.location(row)}: field {column!r} {problem}")

    def column(self, known: tuple[str, ...]) -> str | None:
        """Return the first of the known names that is a column of the table."""
        return next((name for name in known if name in self.columns), None)

    def chosen(self, name: str | None, known: tuple[str, ...], option: str) -> str | None:
        """The column of that name, or without a name the first of the known ones.

        Raises InputError that lists the columns where the named one is missing; option: what named it.
        """
        if name is None or name in self.columns or not self.rows:
            return self.column(known) if name is None else name
        raise self.fail(self.rows[0], name, f"is missing; the columns are: {self.listed()}; name one with {option}")

    def listed(self) -> str:
        return ", ".join(map(repr, self.columns)) or "none"


def seconds(value: Any) -> float | None:
    """Parse a time or duration in seconds; None for an empty cell. Raises ValueError."""
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
        raise ValueError(f"must not be negative, not {value!r}")
    return found
