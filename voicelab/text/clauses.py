"""Splits a long sentence into two parts for synthesis, after a comma, semicolon, colon or dash."""

import re
import unicodedata
from functools import cache
from itertools import accumulate, takewhile

from voicelab.text.sentences import CJK_CHARS

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
"""Maximum spoken length of a part. A voice synthesizes a part without interruption, so long parts delay other users."""
_CLAUSE_END = re.compile(r"[,;:][\"')\]]*\s|[，、；：]")
_SILENT = frozenset(".,;:!?…'\"()[]-–—‘’“”«»¿¡。，、；：！？")
_IDEOGRAM = re.compile(f"[{CJK_CHARS}]")
_LETTERS_OF_DIGIT, _LETTERS_OF_SIGN = 8, 10


def spoken_length(text: str) -> int:
    """Return the length of a text as it is spoken, in letters: `7` counts as eight, `漢`, `%` and `😀` as ten.

    The digits of an amount are read with their units. A voice of another language spells ideograms and names emoji.
    """
    return sum(map(_letters, text))


@cache
def _letters(character: str) -> int:
    kind = unicodedata.category(character)[0]
    if kind == "N":
        return _LETTERS_OF_DIGIT
    is_plain = kind in "LMZ" or character in _SILENT or character.isspace()
    return 1 if is_plain and not _IDEOGRAM.match(character) else _LETTERS_OF_SIGN


def short_parts(sentence: str) -> list[str]:
    """Split a sentence into parts of at most `LONGEST` letters (`spoken_length`), after a comma if possible.

    Else between words; a longer word is split. Only spaces between parts are dropped.
    """
    found, rest = [], sentence
    while (count := _fitting(rest)) < len(rest):
        head = rest[: count + 1]
        ends = [border.end() for border in _CLAUSE_END.finditer(head, count // 3) if border.end() <= count]
        end = ends[-1] if ends else head.rfind(" ") + 1 or count
        found.append(rest[:end].strip())
        rest = rest[end:].strip()
    return [*filter(None, found), *([rest] if rest else [])]


def _fitting(text: str) -> int:
    """Return the number of characters at the start whose spoken length is at most `LONGEST`; at least one."""
    lengths = accumulate(map(_letters, text))
    return max(1, sum(1 for _ in takewhile(lambda length: length <= LONGEST, lengths)))
