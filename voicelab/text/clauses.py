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


LONGEST = 300
"""Characters. A voice makes a part in one piece, and everybody else who waits for it would wait for a longer one."""
_CLAUSE_END = re.compile(r"[,;:][\"')\]]*\s")


def short_parts(sentence: str, longest: int = LONGEST) -> list[str]:
    """A sentence in parts of at most `longest` characters, cut behind a comma where there is one, else between words.

    Only spaces between parts are lost. A word that is longer is cut within.
    """
    found, rest = [], sentence
    while len(rest) > longest:
        head = rest[: longest + 1]
        ends = [border.end() for border in _CLAUSE_END.finditer(head, longest // 3)]
        end = ends[-1] if ends else head.rfind(" ") + 1 or longest
        found.append(rest[:end].strip())
        rest = rest[end:].strip()
    return [*filter(None, found), *([rest] if rest else [])]
