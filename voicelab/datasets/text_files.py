"""Reads text files: accepted encodings and line endings.

A line ends at `\n` or `\r\n`, or at `\r` in a file without any `\n`. U+2028, U+2029 and U+0085 do not end a line,
because JSON allows them inside strings.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

from voicelab.errors import InputError

UNPACKED_LIMIT_BYTES = 2**30
"""Maximum size of an unpacked .gz file."""

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def read_text(path: Path) -> str:
    """Read a file in UTF-8, or in UTF-16 with a byte order mark; decompresses names ending in .gz.

    Raises InputError, which names the file and the line of the first invalid byte.
    """
    return decode_text(_unpacked(path), path)


def decode_text(data: bytes, path: Path) -> str:
    """Decode bytes like read_text; path is the name used in messages."""
    if data.startswith(_UTF_32):
        raise InputError(f"{path}: the encoding is UTF-32; save the file as UTF-8")
    try:
        text = data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{path}: line {line}: not UTF-8: {error}; save the file as UTF-8") from error
    if "\0" in text:
        raise InputError(
            f"{path}: contains zero bytes, so it is binary or UTF-16 without a byte order mark; save it as UTF-8"
        )
    return text


def split_lines(text: str) -> list[str]:
    """Split a text into lines without line endings. Ignores an empty last line."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    lines = text.replace("\r\n", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def numbered_lines(path: Path, comments: tuple[str, ...] = ()) -> Iterator[tuple[int, str]]:
    """Yield the non-blank lines of a file, with their numbers from 1. comments: prefixes of lines to skip."""
    for number, line in enumerate(split_lines(read_text(path)), start=1):
        if line.strip() and not line.startswith(comments):
            yield number, line


def bare_name(path: Path) -> Path:
    """Return the path without .gz, which determines its format."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def _unpacked(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if path.suffix.lower() != ".gz":
            return data
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = file.read(UNPACKED_LIMIT_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: invalid or truncated gzip file: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(found) > UNPACKED_LIMIT_BYTES:
        raise InputError(f"{path}: exceeds {UNPACKED_LIMIT_BYTES} bytes unpacked; split the file")
    return found
