r"""Text files as people save them: which bytes are accepted, and where a line ends.

A line ends at `\n` or `\r\n`, or at `\r` in a file that has no `\n` at all. U+2028, U+2029 and U+0085 are characters
like others: JSON allows them inside a string.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

from voicelab.errors import InputError

UNPACKED_LIMIT_BYTES = 2**30
"""The largest text that a .gz file may hold."""

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte order mark; a name that ends in .gz is unpacked.

    Raises InputError that names the file, and the line where it stops being UTF-8.
    """
    return decode_text(_unpacked(path), path)


def decode_text(data: bytes, path: Path) -> str:
    """Bytes as text, as read_text does; path names them in messages."""
    if data.startswith(_UTF_32):
        raise InputError(f"{path}: is UTF-32; save it as UTF-8")
    try:
        text = data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{path}: line {line}: not UTF-8: {error}; save the file as UTF-8") from error
    if "\0" in text:
        raise InputError(
            f"{path}: holds zero bytes: it is not text, or it is UTF-16 without a byte order mark; save it as UTF-8"
        )
    return text


def split_lines(text: str) -> list[str]:
    """The lines of a text without their ends. What follows the last line end is a line only if it is not empty."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    lines = text.replace("\r\n", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file that are not blank, with their numbers from 1."""
    for number, line in enumerate(split_lines(read_text(path)), start=1):
        if line.strip():
            yield number, line


def bare_name(path: Path) -> Path:
    """The path without .gz: what its format is named by."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def _unpacked(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if path.suffix.lower() != ".gz":
            return data
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = file.read(UNPACKED_LIMIT_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: not a whole gzip file: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(found) > UNPACKED_LIMIT_BYTES:
        raise InputError(f"{path}: holds more than {UNPACKED_LIMIT_BYTES} bytes unpacked; split it")
    return found
