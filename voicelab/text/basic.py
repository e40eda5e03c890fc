"""The normalizer `basic`: case, punctuation and spaces, for any language with spaces between words."""

from __future__ import annotations

import re
import unicodedata

from voicelab.text.invisible import without_invisible
from voicelab.text.normalizer import Normalizer

_APOSTROPHES = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc\uff07\u2032`\u00b4"))
_KEYCAP = "\u20e3"
_DOTTED_I = "i\u0307"
"""Python's lower case of the Turkish capital dotted I."""
_SPACING = re.compile(r"[^\w\s]|_")


def basic(text: str) -> str:
    """Apply NFKC and lower case, convert digits to 0-9, remove punctuation and symbols (emoji included), collapse
    spaces.

    Apostrophes and invisible characters are removed without splitting the word. Combining marks remain, because they
    are vowels and tones in Hindi, Thai or Arabic.
    """
    visible = without_invisible(unicodedata.normalize("NFKC", without_invisible(text).translate(_APOSTROPHES)))
    folded = unicodedata.normalize("NFKC", visible.lower()).translate(_APOSTROPHES)
    if folded.isascii():
        return " ".join(_SPACING.sub(" ", folded).split())
    kept = "".join(map(_kept, folded.replace(_DOTTED_I, "i")))
    return " ".join(kept.split())


def _kept(char: str) -> str:
    """Return a letter or mark unchanged, a digit as 0 to 9, and a space for anything else."""
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if char == _KEYCAP:
        return ""
    return " " if category[0] in "PSCZ" else char


BASIC = Normalizer("basic", "2", basic)
