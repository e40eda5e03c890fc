"""Splits a long sentence into two parts for synthesis, after a comma, semicolon, colon or dash."""

import re

_LONG = 60
"""In characters. Shorter sentences are not split, because their audio starts soon enough."""
_FIRST, _REST = 15, 20
"""Minimum characters of each part. The first must last long enough to synthesize the rest."""
_BORDER = re.compile(r"[,;:][\"')\]]*\s+|\s+[–—]\s+")


def opening_clause(sentence: str) -> list[str]:
    """Split a long sentence into its opening clause and the rest; return others unchanged.

    Only the spaces between the two parts are dropped.
    """
    if len(sentence) > _LONG:
        for border in _BORDER.finditer(sentence):
            opening, rest = sentence[: border.end()].strip(), sentence[border.end() :].strip()
            if len(opening) >= _FIRST and " " in opening and len(rest) >= _REST:
                return [opening, rest]
    return [sentence]


LONGEST = 300
"""Maximum characters of a part. A voice synthesizes a part without interruption, so long parts delay other users."""
_CLAUSE_END = re.compile(r"[,;:][\"')\]]*\s")


def short_parts(sentence: str, longest: int = LONGEST) -> list[str]:
    """Split a sentence into parts of at most `longest` characters, after a comma if possible, else between words.

    Only spaces between parts are dropped. A longer word is split.
    """
    found, rest = [], sentence
    while len(rest) > longest:
        head = rest[: longest + 1]
        ends = [border.end() for border in _CLAUSE_END.finditer(head, longest // 3)]
        end = ends[-1] if ends else head.rfind(" ") + 1 or longest
        found.append(rest[:end].strip())
        rest = rest[end:].strip()
    return [*filter(None, found), *([rest] if rest else [])]
