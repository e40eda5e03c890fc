"""Characters that are not seen and are part of no word: formatting characters and variation selectors."""

from __future__ import annotations

import re
import unicodedata

_FEW = re.compile("[^\\x00-\\x7f]")
_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x180E), 0x180F)))
_ALSO = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Fillers and joiners that Unicode calls letters or marks and that are never drawn."""


def is_invisible(char: str) -> bool:
    """Whether a character is never drawn and separates nothing.

    True for category Cf (soft hyphen, joiners, byte order mark, direction marks, ...) and for variation selectors.
    """
    return char in _SELECTORS or char in _ALSO or unicodedata.category(char) == "Cf"


def without_invisible(text: str) -> str:
    """The text without invisible characters; the words around them are not cut.

    A zero-width space (U+200B) is removed as well: it marks where a line may break, not where a word ends.
    """
    if _FEW.search(text) is None:
        return text
    return "".join(char for char in text if char.isascii() or not is_invisible(char))
