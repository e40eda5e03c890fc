"""Alternative spellings: `Mueller` for Müller, `1999` for '99, `1000000` for 1e6, `9 to 5` for 9-5, `World War 2` for
World War II.

Each is tried only if the literal spelling is not found.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from voicelab.metrics.matching import reworded
from voicelab.metrics.matching.vocabulary import ORDINAL_UNITS, TEENS, TENS, UNITS

_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa",
                              "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Å": "Aa"})  # fmt: skip
"""Replacements of letters in German, Danish, Norwegian and Swedish."""
_SHORT_YEAR = re.compile(r"(?<!\S)['’](\d\d)(?![\w'’])")
_CLOSING_QUOTE = re.compile(r"\w[.,!?]?['’](?!\w)")
_POWER = re.compile(r"(?<![\w.,])(\d(?:\.\d+)?)e\+?(\d{1,2})(?![\w.]\w|\w)")
_ROMAN = re.compile(r"(?<=\w )(?=[IVXL]{2})(X?L|L?X{0,3})(IX|IV|V?I{0,3})(?!\w)")
_UNITS = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
_DESCENDING = re.compile(r"(?<![\w.,/$-])(\d{1,2})-(\d{1,2})(?![\w/-]|\.\d)")


def respelled(entity: str, text: str) -> Iterator[tuple[str, str]]:
    """The entity and the text in each alternative spelling that changes one of them."""
    entity, text = entity.replace("–", "-"), text.replace("–", "-")
    for rule in (_in_two_letters, _with_years, _multiplied, _counted, _ranked, *reworded.RULES):
        pair = rule(entity), rule(text)
        if pair != (entity, text):
            yield pair
    pairs = [*_on_streets(entity, text), _forms(entity, text), _multiples(entity, text)]
    pairs.append(reworded.bare_rates(entity, text))
    if reworded.has_scaled_range(entity):  # so that `5` and `5 to 10` are not found in `5k-10k`
        pairs.append((reworded.once(entity), reworded.once(text)))
    yield from (pair for pair in pairs if pair != (entity, text))


_STREET = re.compile(
    r"\b(\d{0,2}[1-9]0) ([1-9])(?:st|nd|rd|th) (?=(?:avenue|ave|street|st|road|rd|drive|dr|lane|ln|place|pl)\b)", re.I
)


_NAMES = {value: word for word, value in {**UNITS, **TEENS, **TENS}.items()}
_ORDINAL_NAMES = {value: word for word, value in ORDINAL_UNITS.items()}


def _on_streets(entity: str, text: str) -> Iterator[tuple[str, str]]:
    """`350 5th Ave` as 355th Ave and `three fifty fifth Ave`; only if the other side has no digits."""
    for rule in (_run_together, _in_pairs):
        if not any(map(str.isdigit, text)):
            yield _STREET.sub(rule, entity), text
        elif not any(map(str.isdigit, entity)):
            yield entity, _STREET.sub(rule, text)


def _run_together(found: re.Match[str]) -> str:
    return f"{int(found[1]) + int(found[2])}th "


def _in_pairs(found: re.Match[str]) -> str:
    head, tens = divmod(int(found[1]), 100)
    words = [_NAMES.get(head) or f"{_NAMES[head // 10 * 10]} {_NAMES[head % 10]}"] if head else []
    return " ".join([*words, _NAMES[tens], _ORDINAL_NAMES[int(found[2])], ""])


_FORM = re.compile(
    r"(?<!\b[A-Za-z\d][ -])\b(6|8|10|11|six|eight|ten|eleven)[- ]?(?:K|(?<=[- ])k)\b"
    r"(?![ -][A-Za-z\d]\b|-\w| (?:dollars|euros|pounds)\b)"
)


def _forms(entity: str, text: str) -> tuple[str, str]:
    """The form `10-K` as one word in both, if the entity has `10-K` or `ten k`; `ten thousand` is another."""
    return (_FORM.sub(_one_word, entity), _FORM.sub(_one_word, text)) if _FORM.search(entity) else (entity, text)


def _one_word(found: re.Match[str]) -> str:
    value = UNITS.get(found[1]) or TEENS.get(found[1]) or int(found[1])
    return f"form{_NAMES[value]}k"


_TIMES = {"twice": 2, "thrice": 3, "double": 2, "triple": 3, "treble": 3, "quadruple": 4, "quintuple": 5}
_MULTIPLE = re.compile(
    rf"\s*(?:\d[\d.,]* ?[x×]|(?:\S+ ){{1,5}}times|{'|'.join(_TIMES)})(?: (?:the|that|what|as|our|its|their|a) .+)?\s*",
    re.IGNORECASE,
)
_ADVERB = re.compile(r"\b(twice|thrice)\b", re.IGNORECASE)
_AFTER = "the|that|what|our|its|their|your|my|his|her|this|those|these|last|in|from|by|since|to|and|or|over|today|year"
_TIMES_SAID = re.compile(
    rf"(?<!\ba )(?<!\ban )\b(double|triple|treble|quadruple|quintuple)(?= (?:{_AFTER})\b|\s*$|[.,;:!?])", re.IGNORECASE
)
"""Not `double check`, `a double` or the digits of `double five`."""


def _multiples(entity: str, text: str) -> tuple[str, str]:
    """`2 times` for `twice` and `double` in both, if the entity is a multiple: 2 itself is not found in `twice`."""
    return (_in_times(entity), _in_times(text)) if _MULTIPLE.fullmatch(entity) else (entity, text)


def _in_times(text: str) -> str:
    return _TIMES_SAID.sub(_as_times, _ADVERB.sub(_as_times, text))


def _as_times(found: re.Match[str]) -> str:
    return f"{_TIMES[found[1].lower()]} times"


def ranges_in_words(entity: str, text: str) -> tuple[str, str] | None:
    """Both with `9-5` as `9 to 5`, if that is the whole entity; None if neither has such a range.

    `5-10` is already read as a range. A decreasing one may be a score or working hours, both spoken with `to`.
    """
    pair = _with_to(entity), _with_to(text)
    return pair if pair != (entity, text) else None


def _in_two_letters(text: str) -> str:
    return text if text.isascii() else text.translate(_TWO_LETTERS)


def _with_years(text: str) -> str:
    """`'99` as 1999, from 1970 to 2069; not if the apostrophe may close a quotation."""
    if _CLOSING_QUOTE.search(text):
        return text
    return _SHORT_YEAR.sub(lambda found: ("20" if found[1] < "70" else "19") + found[1], text)


def _multiplied(text: str) -> str:
    return _POWER.sub(lambda found: f"{Decimal(found[1]) * 10 ** int(found[2]):f}", text)


def _counted(text: str) -> str:
    """`World War II` as World War 2."""
    return _ROMAN.sub(lambda found: str(_value(found)), text)


def _ranked(text: str) -> str:
    """`Henry VIII` as Henry the 8th."""
    return _ROMAN.sub(lambda found: f"the {_value(found)}th", text)


def _value(roman: re.Match[str]) -> int:
    tens = {"XL": 40, "L": 50}.get(roman[1]) or 50 * roman[1].count("L") + 10 * roman[1].count("X")
    return tens + _UNITS.index(roman[2])


def _with_to(text: str) -> str:
    return _DESCENDING.sub(_in_words_if_falling, text)


def _in_words_if_falling(found: re.Match[str]) -> str:
    return f"{found[1]} to {found[2]}" if int(found[1]) > int(found[2]) else found[0]
