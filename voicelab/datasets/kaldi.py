"""Kaldi's data folders: `text`, and beside it `utt2spk`, `segments` and `wav.scp` as far as they are there.

    text      utt-1 hello there            utt2spk   utt-1 anna
    segments  utt-1 call-1 0.00 2.50       wav.scp   call-1 wav/call-1.wav

Without `segments`, `wav.scp` names a recording for each utterance. A command in `wav.scp` (a line that ends in `|`) is
never run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from voicelab.datasets.rows import Row, Table, seconds
from voicelab.datasets.text_files import numbered_lines
from voicelab.errors import InputError


def is_folder(path: Path) -> bool:
    """Whether a folder is one of Kaldi's."""
    return (path / "text").is_file()


def read(path: Path) -> Table:
    """The utterances of a data folder or of a `text` file; their files' paths are checked by who opens them."""
    text = path / "text" if path.is_dir() else path
    home = text.parent
    speakers = _pairs(home / "utt2spk")
    segments = _segments(home / "segments")
    recordings = _recordings(home / "wav.scp")
    rows = []
    for number, line in numbered_lines(text):
        name, _, words = line.strip().partition(" ") if "\t" not in line else line.strip().partition("\t")
        values: dict[str, Any] = {"id": name, "text": words.strip()}
        if name in speakers:
            values["speaker"] = speakers[name]
        if segments and name not in segments:
            raise InputError(f"{text}: line {number}: the utterance {name!r} is not in {home / 'segments'}")
        recording, times = segments.get(name, (name, {}))
        if recordings:
            if recording not in recordings:
                raise InputError(f"{text}: line {number}: the recording {recording!r} is not in {home / 'wav.scp'}")
            values["audio_filepath"] = recordings[recording]
        rows.append(Row(number, values | times))
    return Table.of(text, rows, home=home)


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
    """Utterance -> its recording, and where in it: `offset` and `duration`; an end of -1 is the recording's."""
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
    for name, place in found.items():
        if place.endswith("|"):
            raise InputError(
                f"{path}: {name!r} is a command, and commands are not run; write its output to a file "
                "and name that file instead"
            )
        if place == "-" or (place.rpartition(":")[2].isdigit() and ".ark:" in place):
            raise InputError(f"{path}: {name!r} is {place!r}; only sound files can be read: name one")
    return found
