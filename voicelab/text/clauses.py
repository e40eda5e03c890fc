"""Where a long sentence can be spoken in two parts: behind a comma, a semicolon, a colon or a dash."""

from __future__ import annotations

import re

_LONG = 60
"""Characters. Shorter sentences are spoken whole: their sound begins soon enough."""
_FIRST, _REST = 15, 20
"""Characters that each part has at least. The first must sound long enough for the rest to be made meanwhile."""
_BORDER = re.compile(r"[,;:][\"')\]]*\s+|\s+[–—]\s+")


def opening_clause(sentence: str) -> list[str]:
    """A long sentence as its opening and the rest; any other sentence as it is.

    Only the spaces between the two parts are lost.
    """
    if len(sentence) > _LONG:
        for border in _BORDER.finditer(sentence):
            opening, rest = sentence[: border.end()].strip(), sentence[border.end() :].strip()
            if len(opening) >= _FIRST and " " in opening and len(rest) >= _REST:
                return [opening, rest]
    return [sentence]
