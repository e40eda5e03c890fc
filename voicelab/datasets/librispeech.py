"""Reads the LibriSpeech layout: folders with `<speaker>-<chapter>.trans.txt` and recordings.

84-121123-0000 GO DO YOU HEAR          (recording: 84-121123-0000.flac; speaker: 84)
"""

from pathlib import Path

from voicelab.audio.sound_files import beside
from voicelab.datasets.rows import Table, TableRow
from voicelab.datasets.text_files import numbered_lines

ENDING = ".trans.txt"


def is_folder(path: Path) -> bool:
    """Whether a folder contains a LibriSpeech transcript at any depth."""
    return next(path.rglob(f"*{ENDING}"), None) is not None


def read(path: Path) -> Table:
    """Read a .trans.txt file, or all such files below a folder in path order."""
    files = sorted(path.rglob(f"*{ENDING}")) if path.is_dir() else [path]
    home = path if path.is_dir() else path.parent
    rows = []
    for file in files:
        for number, line in numbered_lines(file):
            name, _, words = line.strip().partition(" ")
            values = {"id": name, "text": words.strip(), "speaker": name.partition("-")[0]}
            sound = beside(file.with_name(name))
            if sound is not None:
                values["audio_filepath"] = str(sound.relative_to(home))
            rows.append(TableRow(number, values, file))
    return Table.of(path, rows, home=home)
