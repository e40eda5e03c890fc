"""The normalizer `basic`: case, punctuation and spaces, for any language with spaces between words."""

import re
import unicodedata

from voicelab.text.invisible import without_invisible
from voicelab.text.normalizer import Normalizer

_TATWEEL = "\u0640"
"""Stretches an Arabic word in print, and is not written by all recognizers."""
_HARAKAT = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670"
"""Arabic signs of short vowels, doubling and no vowel, which most texts omit."""
_REPLACED = {
    **dict.fromkeys(map(ord, f"'\u2018\u2019\u02bc\uff07\u2032`\u00b4{_TATWEEL}{_HARAKAT}")),
    **dict.fromkeys(map(ord, "ßẞ"), "ss"),
    ord("œ"): "oe",
}
_KEYCAP = "\u20e3"
_DOTTED_I = "i\u0307"
"""Python's lower case of the Turkish capital dotted I."""
_SIGN = "\x01"
_MINUS = re.compile(
    "(?:(?<![\\w.,%)])|(?<=[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff])(?<![年月日号號時时点點分秒元万萬亿億千百十块塊個个至到]))"
    "[-\u2212\u2013][$€£¥₹]?(?=[.]?\\d)"
)
"""A minus sign: a hyphen before a number, but not after a word or a number."""
_SPACING = re.compile(rf"[^\w\s{_SIGN}]|_")


def basic(text: str) -> str:
    """Apply NFKC and lower case, convert digits to 0-9, remove punctuation and symbols (emoji included), collapse
    spaces.

    A minus sign before a number remains, because a loss is not a gain. Apostrophes, tatweels, Arabic short vowels and
    invisible characters are removed without splitting the word. `ß` equals `ss`, as in Unicode's case folding. Other
    combining marks remain, because they are vowels and tones in Hindi or Thai.
    """
    visible = without_invisible(unicodedata.normalize("NFKC", without_invisible(text).translate(_REPLACED)))
    folded = unicodedata.normalize("NFKC", visible.lower()).translate(_REPLACED)
    folded = _MINUS.sub(f" {_SIGN}", folded.replace(_SIGN, " "))
    if folded.isascii():
        return " ".join(_SPACING.sub(" ", folded).replace(_SIGN, "-").split())
    kept = "".join(map(_kept, folded.replace(_DOTTED_I, "i")))
    return " ".join(kept.replace(_SIGN, "-").split())


def _kept(char: str) -> str:
    """Return a letter or mark unchanged, a digit as 0 to 9, and a space for anything else."""
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if char == _SIGN:
        return char
    if char == _KEYCAP:
        return ""
    return " " if category[0] in "PSCZ" else char


BASIC = Normalizer("basic", "4", basic)
