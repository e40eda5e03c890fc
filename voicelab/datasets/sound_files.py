"""Which files are recordings, by the endings of their names."""

from __future__ import annotations

from pathlib import Path

ENDINGS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".webm", ".m4a", ".mp4")


def beside(path: Path) -> Path | None:
    """The recording whose name is the path's with an ending added; the first in the order of ENDINGS."""
    for ending in (*ENDINGS, *(one.upper() for one in ENDINGS)):
        found = path.with_name(path.name + ending)
        if found.is_file():
            return found
    return None
