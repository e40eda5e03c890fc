"""Unify accents, digits of any script, dashes, fractions in digits, and amounts in parentheses."""

import re
import unicodedata

from voicelab.metrics.matching.eastern import HANGUL, UNSPACED, with_plain_numbers
from voicelab.metrics.matching.vocabulary import SIGNS_BEFORE
from voicelab.text.amount_signs import with_arrows, with_losses

_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
     "ð": "d", "þ": "th", "ı": "i", "ё": "е", "Ё": "Е", "ك": "ک", "ي": "ی", "ى": "ی", "أ": "ا", "إ": "ا", "آ": "ا",
     "ٱ": "ا"}
)  # fmt: skip
_SIGNS = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "‛": "'", "“": '"', "”": '"', "–": "-", "—": " - ", "−": "-", "‐": "-",
     "‑": "-", "‒": "-", "﹣": "-", "－": "-", "➖": "-", "➕": "+", "²": "^2",
     "⁄": "/", "٪": "%", "٫": ".", "٬": ",", "。": ". ", "、": ", ",
     "،": ", ", "।": ". "}
)  # fmt: skip
_UNWRITTEN = re.compile("[\u064b-\u0652\u0670\u0640\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")
"""Vowel signs of Arabic and Hebrew, which most texts omit."""
_FRACTIONS = {sign: unicodedata.normalize("NFKC", sign).replace("\u2044", "/") for sign in "½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
_MIXED = re.compile(r"(?<![\d/.,])(?<![\w%]-)(\d{1,4})[ -](\d{1,2})/(\d{1,2})(?![\d/])")
_STANDING_OFF = re.compile(rf"^\s*-\s+(?=[{SIGNS_BEFORE}]?\d[\d.,]*\s?%?\s*$)|−\s+(?=[{SIGNS_BEFORE}]?\d)")
"""A minus sign followed by a space: the whole text is an amount, or the sign is not a hyphen."""
_LATIN_EDGE = re.compile(
    rf"(?<=[{UNSPACED}{HANGUL}])(?=[A-Za-z0-9{SIGNS_BEFORE}-])|(?<=[A-Za-z0-9%])(?=[{UNSPACED}{HANGUL}])"
)
_EASTERN = re.compile(f"[{HANGUL}{UNSPACED}]")


def folded(text: str) -> str:
    """The text without accents and with plain digits, apostrophes and hyphens; keeps case."""
    plain = with_arrows(text)
    plain = _STANDING_OFF.sub("-", plain) if "-" in plain or "−" in plain else plain
    plain = with_losses(plain if plain.isascii() else _one_spelling(plain))
    if "/" in plain:
        plain = _MIXED.sub(_as_a_decimal, plain)
    return plain


def separated(text: str) -> str:
    """The text with a space between Latin letters or digits and a script without spaces: `买 AAPL 股票`."""
    return text if text.isascii() else _LATIN_EDGE.sub(" ", text)


def _one_spelling(text: str) -> str:
    for sign, written in _FRACTIONS.items():
        if sign in text:
            text = re.sub(rf"(?<=\d)\s?{sign}", f" {written}", text).replace(sign, written)
    text = "".join(_plain_sign(char) for char in text.translate(_SIGNS))
    text = _UNWRITTEN.sub("", _without_accents(text).translate(_SIGNS)).translate(_LETTERS)
    if _EASTERN.search(text):
        text = _LATIN_EDGE.sub(" ", with_plain_numbers(text))
    return text


def _plain_sign(char: str) -> str:
    """A digit of any script as 0 to 9; "" for an invisible character."""
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return "" if unicodedata.category(char) == "Cf" else char


def _without_accents(text: str) -> str:
    """Remove the marks on Latin and Greek letters; in other scripts a mark changes the letter or vowel."""
    kept: list[str] = []
    accented = False
    for char in unicodedata.normalize("NFKD", text):
        if unicodedata.category(char) == "Mn":
            if accented:
                continue
        else:
            accented = char < "\u0250" or "\u0370" <= char <= "\u03ff"
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _as_a_decimal(found: re.Match[str]) -> str:
    """`2.5` for `2 1/2`."""
    whole, top, bottom = (int(part) for part in found.groups())
    if not 0 < top < bottom:
        return found[0]
    return f"{whole + top / bottom:.12f}".rstrip("0")
