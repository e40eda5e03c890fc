"""Invisible characters that are part of no word: formatting characters and variation selectors."""

import re
import unicodedata

_FEW = re.compile("[^\\x00-\\x7f]")
_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x180E), 0x180F)))
_ALSO = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Fillers and joiners that Unicode classifies as letters or marks but that are never displayed."""


def is_invisible(char: str) -> bool:
    """Whether a character is never displayed and separates nothing.

    True for category Cf (soft hyphen, joiners, byte order mark, direction marks, ...) and for variation selectors.
    """
    return char in _SELECTORS or char in _ALSO or unicodedata.category(char) == "Cf"


def without_invisible(text: str) -> str:
    """Remove invisible characters without splitting the words around them.

    This includes the zero-width space (U+200B), which marks a possible line break, not a word boundary.
    """
    if _FEW.search(text) is None:
        return text
    return "".join(char for char in text if char.isascii() or not is_invisible(char))
