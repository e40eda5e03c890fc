"""Transcripts in tables: NeMo's JSON lines and CSV.

    {"audio_filepath": "a/0001.wav", "duration": 2.5, "text": "hello there", "pred_text": "hello their"}

An utterance is named by `id`, or else by the file name in `audio_filepath`, or else by its place. `text` is the
reference, `pred_text` the hypothesis (a file with hypotheses alone may call them `text`); `speaker` names the speaker.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from voicelab.errors import InputError
from voicelab.transcripts.base import Utterance, read_lines, refuse_doubles

REFERENCE, HYPOTHESIS = "text", "pred_text"


def read(path: Path, side: str) -> list[Utterance]:
    """The utterances of a .jsonl or .csv file; side: REFERENCE or HYPOTHESIS. InputError names line and field."""
    rows = list(_csv_rows(path) if path.suffix.lower() in (".csv", ".tsv") else _json_rows(path))
    # One file may hold both sides; one with hypotheses alone often calls them `text`.
    column = side if side == REFERENCE or any(HYPOTHESIS in row for _, row in rows) else REFERENCE
    found = [_utterance(path, number, place, row, column) for place, (number, row) in enumerate(rows, start=1)]
    refuse_doubles(path, found)
    return found


def _json_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in read_lines(path):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}: line {number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}: line {number}: must be an object with fields, not {type(row).__name__}")
        yield number, row


def _csv_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
            for row in reader:
                if None in row or None in row.values():
                    raise InputError(f"{path}: line {reader.line_num}: not as many fields as the header has")
                yield reader.line_num, row
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a CSV file in UTF-8: {error}") from error


def _utterance(path: Path, number: int, place: int, row: Mapping[str, Any], column: str) -> Utterance:
    texts = {}
    for name in ("id", "audio_filepath", "speaker", column):
        value = row.get(name)
        if isinstance(value, int) and name in ("id", "speaker") and not isinstance(value, bool):
            value = str(value)
        if value is not None and not isinstance(value, str):
            raise InputError(f"{path}: line {number}: field {name!r} must be a text, not {value!r}")
        texts[name] = value
    if texts[column] is None:
        raise InputError(f"{path}: line {number}: field {column!r} is missing")
    audio = texts["audio_filepath"]
    name = texts["id"] or (PurePath(audio).stem if audio else str(place))
    return Utterance(name, texts[column] or "", texts["speaker"] or None, number)


def write(path: Path, utterances: Iterable[Utterance], side: str = REFERENCE) -> None:
    """Write a .jsonl or .csv file with `id`, `speaker` where it is known, and the text."""
    rows = [
        {"id": one.id} | ({"speaker": one.speaker} if one.speaker is not None else {}) | {side: one.text}
        for one in utterances
    ]
    if path.suffix.lower() not in (".csv", ".tsv"):
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
        table = csv.DictWriter(file, ("id", "speaker", side), restval="", delimiter=delimiter)
        table.writeheader()
        table.writerows(rows)
