"""The normalizer `basic`: case, punctuation and spaces, in any language whose words are separated by spaces."""

from __future__ import annotations

import re
import unicodedata

from voicelab.text.invisible import without_invisible
from voicelab.text.normalizer import Normalizer

_APOSTROPHES = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc\uff07\u2032`\u00b4"))
_KEYCAP = "\u20e3"
_SPACING = re.compile(r"[^\w\s]|_")


def basic(text: str) -> str:
    """NFKC, lower case, no punctuation, no symbols (emoji among them), single spaces.

    Apostrophes and invisible characters are removed without cutting the word. Combining marks of all scripts stay:
    they are vowels and tones in Hindi, Thai or Arabic.
    """
    visible = without_invisible(unicodedata.normalize("NFKC", without_invisible(text).translate(_APOSTROPHES)))
    folded = unicodedata.normalize("NFKC", visible.lower()).translate(_APOSTROPHES)
    if folded.isascii():
        return " ".join(_SPACING.sub(" ", folded).split())
    kept = "".join(" " if unicodedata.category(char)[0] in "PSCZ" else char for char in folded if char != _KEYCAP)
    return " ".join(kept.split())


BASIC = Normalizer("basic", "2", basic)
