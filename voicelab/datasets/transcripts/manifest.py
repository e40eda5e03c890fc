"""Transcripts in tables of any format of voicelab.datasets: NeMo's JSON lines, CSV, Kaldi's `text`, ...

{"audio_filepath": "a/0001.wav", "duration": 2.5, "text": "hello there", "pred_text": "hello their"}

An utterance is identified by `id`, otherwise by its recording's path and `offset`, otherwise by its position in the
file. `text` is the reference (or `sentence`, `transcription`, `transcript`), `pred_text` the hypothesis; a file with
hypotheses only may call them `text`. `speaker` (or `client_id`, `speaker_id`) names the speaker.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voicelab.datasets import missing_values, naming
from voicelab.datasets.columns import OPTIONS, TranscriptColumns
from voicelab.datasets.formats import Form, find, read_table
from voicelab.datasets.rows import (
    AUDIO_COLUMNS,
    HYPOTHESIS_COLUMNS,
    ID_COLUMNS,
    SPEAKER_COLUMNS,
    TEXT_COLUMNS,
    Table,
    TableRow,
    seconds,
)
from voicelab.datasets.transcripts.base import TranscriptLine, refuse_doubles
from voicelab.errors import InputError

REFERENCE, HYPOTHESIS = TEXT_COLUMNS[0], HYPOTHESIS_COLUMNS[0]
_MAYBE_HYPOTHESES = re.compile("pred|hyp|asr|recogni|decod|transcri|heard|output|result|whisper", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableSide:
    """A table of references or hypotheses and its columns; None for a missing column.

    copied: whether the hypotheses come from a column that usually contains references.
    """

    table: Table
    text: str
    id: str | None
    speaker: str | None
    audio: str | None
    copied: bool = False

    @property
    def placed(self) -> bool:
        """Whether utterances are identified only by position."""
        return not any(self._cell(row, self.id) or self._cell(row, self.audio) for row in self.table.rows)

    @property
    def depth(self) -> int:
        """Number of trailing path components that identify utterances without an id."""
        paths = (self._cell(row, self.audio) for row in self.table.rows if self._cell(row, self.id) is None)
        return naming.depth(path for path in paths if path is not None)

    def utterances(self, depth: int) -> list[TranscriptLine]:
        """Return the utterances, with recordings named by `depth` path components.

        Raises InputError, which names line and field.
        """
        placed = self.placed
        found = []
        for place, row in enumerate(self.table.rows, start=1):
            name = self._name(row, depth)
            if name is None and not placed:
                raise self.table.fail(row, self.id or ID_COLUMNS[0], "is empty, but other rows have an id")
            speaker = self._cell(row, self.speaker)
            found.append(TranscriptLine(name or str(place), self._text(row), speaker, row.number))
        refuse_doubles(self.table.path, found)
        return found

    def refuse_missing(self, lines: Iterable[TranscriptLine], others: Iterable[TranscriptLine], way_out: str) -> None:
        """Raise InputError for a text such as `null`. others: the lines that these are compared with."""
        compared = {one.id: one.text for one in others}
        for line in lines:
            if missing_values.is_missing(line.text, compared.get(line.id, "")):
                problem = missing_values.problem(line.text, way_out)
                raise InputError(f"{self.table.path}: line {line.line}: field {self.text!r} {problem}")

    def _name(self, row: TableRow, depth: int) -> str | None:
        name, audio = self._cell(row, self.id), self._cell(row, self.audio)
        if name is not None or audio is None:
            return name
        try:
            return naming.name(audio, depth, seconds(row.values.get("offset")))
        except ValueError as error:
            raise self.table.fail(row, "offset", str(error)) from None

    def _cell(self, row: TableRow, column: str | None) -> str | None:
        """Return the text of a cell; None if it is empty."""
        value = row.values.get(column) if column is not None else None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is not None and not isinstance(value, str):
            assert column is not None
            raise self.table.fail(row, column, f"must be a string, not {value!r}")
        return value or None

    def _text(self, row: TableRow) -> str:
        value = row.values.get(self.text)
        if value is None:
            problem = "is null" if self.text in row.values else "is missing"
            way_out = 'write "" for an utterance without words, or remove the row'
            raise self.table.fail(row, self.text, f"{problem}; {way_out}")
        if not isinstance(value, str):
            raise self.table.fail(row, self.text, f"must be a string, not {value!r}")
        return value


def read_rows(path: Path, form: Form | None = None) -> Table:
    """Read the rows of a file or folder; the format defaults to that of its name.

    Raises InputError for an unknown format.
    """
    if not path.exists():
        raise InputError(f"{path}: does not exist")
    found = find(path)
    if found is not None and (form is None or form == found[1]):
        return read_table(*found)
    if form is None or path.is_dir():
        raise InputError(f"{path}: unknown format; choose one with --format")
    return read_table(path, form)


def reference_side(table: Table, columns: TranscriptColumns) -> TableSide:
    """Return the references of a table. Raises InputError with the list of columns if none contains texts."""
    text = columns.reference or table.column(TEXT_COLUMNS) or TEXT_COLUMNS[0]
    return _side(table, text, OPTIONS["reference"], columns)


def hypothesis_side(table: Table, columns: TranscriptColumns) -> TableSide:
    """Return the hypotheses of a table: `pred_text`, or its only texts.

    Raises InputError, which lists the columns, for no or several candidates.
    """
    text = columns.hypothesis or table.column(HYPOTHESIS_COLUMNS)
    if text is not None:
        return _side(table, text, OPTIONS["hypothesis"], columns)
    text = table.column(TEXT_COLUMNS) or TEXT_COLUMNS[0]
    if maybe := [name for name in table.columns if name != text and _MAYBE_HYPOTHESES.search(name)]:
        raise InputError(
            f"{table.path}: has no column {HYPOTHESIS!r}; the hypotheses may be in {', '.join(map(repr, maybe))} or in "
            f"{text!r}: choose one with --hyp-column"
        )
    return _side(table, text, OPTIONS["hypothesis"], columns, copied=True)


def _side(table: Table, text: str, option: str, columns: TranscriptColumns, *, copied: bool = False) -> TableSide:
    table.chosen(text, (), option)
    name = table.chosen(columns.id, ID_COLUMNS, OPTIONS["id"])
    # Speakers and recordings may be named only in REF or only in HYP.
    speaker = _if_there(table, columns.speaker, SPEAKER_COLUMNS)
    return TableSide(table, text, name, speaker, _if_there(table, columns.audio, AUDIO_COLUMNS), copied)


def _if_there(table: Table, name: str | None, known: tuple[str, ...]) -> str | None:
    return table.column(known if name is None else (name,))
