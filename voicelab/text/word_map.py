"""User-defined word maps: spellings that count as equal, like the GLM files of NIST sclite.

A .csv file has the columns `from` and `to`. Any other file has lines `from => to`, empty lines, and comments that start
with `#` or `;`. An empty right side removes the words. The map is applied to both texts before the normalizer.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from voicelab.errors import InputError
from voicelab.text.catalog import normalizer
from voicelab.text.normalizer import Normalizer
from voicelab.text.scripts import has_no_spaces

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class WordMap:
    """The entries of a word map in file order, and the SHA-256 of the file."""

    sha256: str
    entries: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises InputError, which names the file and the line."""
        import hashlib

        try:
            data = path.read_bytes()
            text = data.decode("utf-8-sig")
        except OSError as error:
            raise InputError(f"--word-map {path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise InputError(f"--word-map {path}: not UTF-8: {error}; save it as UTF-8") from error
        rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else _line_rows(path, text)
        entries: dict[str, tuple[str, str]] = {}
        for number, source, target in rows:
            if not source:
                raise InputError(f"{path}: line {number}: the left side is empty; write: from => to")
            if source.lower() in entries:
                raise InputError(f"{path}: line {number}: {source!r} occurs twice; keep one of the two lines")
            entries[source.lower()] = (source, target)
        if not entries:
            raise InputError(f"{path}: contains no entries; write lines: from => to")
        return cls(sha256=hashlib.sha256(data).hexdigest(), entries=tuple(entries.values()))

    @cached_property
    def apply(self) -> Callable[[str], str]:
        """The function that replaces each mapped word once, longest first, ignoring case."""
        targets = {_key(source): target for source, target in self.entries}
        longest_first = sorted((source for source, _ in self.entries), key=len, reverse=True)
        pattern = re.compile("|".join(map(_pattern, longest_first)), re.IGNORECASE)
        return lambda text: pattern.sub(lambda found: targets[_key(found[0])], text)

    def before(self, normalizer: Normalizer) -> Normalizer:
        """Return a normalizer that applies this map first."""
        plain = normalizer.apply
        return replace(normalizer, apply=lambda text: plain(self.apply(text)), word_map=self.sha256)


def mapped_normalizer(name: str, word_map: WordMap | None) -> Normalizer:
    """Return the normalizer with that name, after the map if there is one. Raises InputError for an unknown name."""
    found = normalizer(name)
    return word_map.before(found) if word_map is not None else found


def _key(text: str) -> str:
    return " ".join(text.lower().split())


def _pattern(source: str) -> str:
    """Return a pattern for whole words; scripts without spaces have no word boundaries."""
    words = r"\s+".join(re.escape(word) for word in source.split())
    left = "" if has_no_spaces(source[0]) or not source[0].isalnum() else r"(?<![\w'’])"
    right = "" if has_no_spaces(source[-1]) or not source[-1].isalnum() else r"(?![\w])(?!['’]\w)"
    return f"{left}{words}{right}"


def _line_rows(path: Path, text: str) -> Iterable[tuple[int, str, str]]:
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        source, arrow, target = line.partition("=>")
        if not arrow:
            raise InputError(f"{path}: line {number}: no '=>' in {line.strip()!r}; write: from => to")
        yield number, _bare(source), _bare(target)


def _bare(side: str) -> str:
    """Strip spaces and the brackets of a GLM file from a side."""
    side = side.strip()
    return side[1:-1].strip() if side.startswith("[") and side.endswith("]") else side


def _csv_rows(path: Path, text: str) -> Iterable[tuple[int, str, str]]:
    import csv

    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip().lower() for name in next(reader, [])]
    if header != ["from", "to"]:
        raise InputError(f"{path}: line 1: the columns must be from,to, not {','.join(header) or 'nothing'}")
    for row in reader:
        if any(cell.strip() for cell in row):
            if len(row) != 2:
                raise InputError(f"{path}: line {reader.line_num}: {len(row)} columns instead of 2 (from,to)")
            yield reader.line_num, row[0].strip(), row[1].strip()
