"""Recognizes recordings by file extension."""

from pathlib import Path

ENDINGS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".webm", ".m4a", ".mp4")


def beside(path: Path) -> Path | None:
    """Return the first recording whose name is the path plus an extension, in the order of ENDINGS."""
    for ending in (*ENDINGS, *(one.upper() for one in ENDINGS)):
        found = path.with_name(path.name + ending)
        if found.is_file():
            return found
    return None
