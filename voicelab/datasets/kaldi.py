"""Reads Kaldi data folders: `text`, and `utt2spk`, `segments` and `wav.scp` where present.

text      utt-1 hello there            utt2spk   utt-1 anna
segments  utt-1 call-1 0.00 2.50       wav.scp   call-1 wav/call-1.wav

Without `segments`, `wav.scp` names a recording per utterance. Commands in `wav.scp` (lines that end in `|`) are
rejected and never run.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from voicelab.datasets.rows import Table, TableRow, seconds
from voicelab.datasets.text_files import numbered_lines
from voicelab.errors import InputError
from voicelab.text.plural import counted


def is_folder(path: Path) -> bool:
    return (path / "text").is_file()


def read(path: Path) -> Table:
    """Read the texts and speakers of a data folder or a `text` file, without recordings and times."""
    text = path / "text" if path.is_dir() else path
    speakers = _pairs(text.parent / "utt2spk")
    rows = []
    for number, line in numbered_lines(text):
        name, *words = line.split(maxsplit=1)
        values: dict[str, Any] = {"id": name, "text": words[0].strip() if words else ""}
        if speakers and name not in speakers:
            raise InputError(f"{text}: line {number}: utterance {name!r} is missing in {text.parent / 'utt2spk'}")
        if speakers:
            values["speaker"] = speakers[name]
        rows.append(TableRow(number, values))
    return Table.of(text, rows)


def read_set(path: Path) -> Table:
    """Read texts, speakers, recordings and times.

    Raises InputError for an utterance without a recording, and for a command in `wav.scp`.
    """
    table = read(path)
    home = table.path.parent
    segments, recordings = _segments(home / "segments"), _recordings(home / "wav.scp")
    rows = []
    for row in table.rows:
        name = row.values["id"]
        if segments and name not in segments:
            raise InputError(f"{table.location(row)}: utterance {name!r} is missing in {home / 'segments'}")
        recording, times = segments.get(name, (name, {}))
        if recording not in recordings:
            raise InputError(f"{table.location(row)}: recording {recording!r} is missing in {home / 'wav.scp'}")
        rows.append(TableRow(row.number, {**row.values, "audio_filepath": recordings[recording], **times}))
    source, listed = ("segments", list(segments)) if segments else ("wav.scp", list(recordings))
    names = {row.values["id"] for row in rows}
    if unused := [name for name in listed if name not in names]:
        notice = (
            f"{table.path}: {counted(len(unused), 'utterance')} of {home / source} without a text, left out; the first "
            f"is {unused[0]!r}; add a line for each, or remove them"
        )
        return replace(Table.of(table.path, rows), notices=(notice,))
    return Table.of(table.path, rows)


def _pairs(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    if path.is_file():
        for number, line in numbered_lines(path):
            fields = line.split(maxsplit=1)
            if len(fields) < 2:
                raise InputError(f"{path}: line {number}: must be a name and a value, not {line.strip()!r}")
            if fields[0] in found:
                raise InputError(f"{path}: line {number}: {fields[0]!r} is listed twice")
            found[fields[0]] = fields[1].strip()
    return found


def _segments(path: Path) -> dict[str, tuple[str, dict[str, float]]]:
    """Map utterances to their recording and its `offset` and `duration`; an end of -1 is the end of the recording."""
    found = {}
    for name, rest in _pairs(path).items():
        fields = rest.split()
        if len(fields) != 3:
            raise InputError(f"{path}: {name!r}: must be: utterance recording start end, with times in seconds")
        recording, start, end = fields
        try:
            start_s = seconds(start)
            end_s = None if float(end) == -1 else seconds(end)
        except ValueError as error:
            raise InputError(f"{path}: {name!r}: a time {error}") from error
        assert start_s is not None
        times = {"offset": start_s}
        if end_s is not None:
            if end_s <= start_s:
                raise InputError(f"{path}: {name!r}: the end, {end}, is not after the start, {start}")
            times["duration"] = end_s - start_s
        found[name] = (recording, times)
    return found


def _recordings(path: Path) -> dict[str, str]:
    found = _pairs(path)
    for name, location in found.items():
        if location.endswith("|"):
            raise InputError(
                f"{path}: {name!r} is a command, which voicelab does not run; write its output to a file "
                "and enter that file instead"
            )
        if location == "-" or (location.rpartition(":")[2].isdigit() and ".ark:" in location):
            raise InputError(f"{path}: {name!r} is {location!r}; enter an audio file")
        # Kaldi's own scripts resolve relative paths against their working directory.
        if not (path.parent / location).is_file() and Path(location).is_file():
            found[name] = str(Path(location).absolute())
    return found
