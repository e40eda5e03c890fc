"""Unifies quotation marks and dashes, and removes accents, annotations and invisible characters."""

import re
import unicodedata

from voicelab.text.amount_signs import with_arrows, with_losses
from voicelab.text.invisible import without_invisible

_NAMED = str.maketrans({
    **dict.fromkeys("\u2018\u2019\u02bc\u201b\u2032\uff07\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2033", '"'),
    **dict.fromkeys("\u2010\u2011", "-"),
    **dict.fromkeys("\u2014\u2015", " \u2014 "),
    "\u2013": "\u2013", "\u2212": "\u2212", "\u2026": " . ", "\u20e3": "",
    **dict.fromkeys("\u2122\u00ae\u00a9\u2120", ""),
    "\u2044": "/", "\u00d7": " times ", "\u00f7": " divided by ", "\u00b2": " squared ", "\u00b3": " cubed ",
    "\u2264": " <= ", "\u2265": " >= ", "\u2260": " not equal ",
    **{char: f" {unicodedata.normalize('NFKC', char).replace(chr(0x2044), '/')} " for char in "½⅓⅔¼¾⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚"},
    "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ß": "ss", "ẞ": "SS", "đ": "d", "Đ": "D",
       "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L",
})  # fmt: skip
_ANNOTATION = re.compile(
    r"\[[^\]\[]*\]|<[a-z/][^<>]{0,40}>|\((?:[^()]*\b)?(?:laugh\w*|cough\w*|applau\w*|music|noise|inaudible|silence|"
    r"crosstalk|sigh\w*|door \w+|clears? throat|unintelligible|background \w+|breath\w*|sneez\w*)(?:\b[^()]*)?\)",
    re.IGNORECASE,
)
_LATIN_MARK = re.compile(r"(?<=[A-Za-z])[\u0300-\u036f]+")


def cleaned(text: str) -> str:
    """Remove annotations ([noise], <unk>, (laughs)), accents and invisible characters; keep the case.

    Fractions such as ½ become 1/2. A minus sign (U+2212) and an en dash stay; an em dash gets spaces around it.
    """
    text = text.replace("`", "'")
    if not text.isascii():
        text = with_arrows(text)
        text = without_invisible(text).translate(_NAMED)
        text = _LATIN_MARK.sub("", unicodedata.normalize("NFKD", text))
        text = unicodedata.normalize("NFC", text)
    return with_losses(_ANNOTATION.sub(" ", text)) if "[" in text or "(" in text or "<" in text else text
