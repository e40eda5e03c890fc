"""Infer the class of an entity without a label: money, percentage, date, time, number, code, or name."""

import re
from typing import Literal, get_args

from voicelab.metrics.matching.clock import times
from voicelab.metrics.matching.codes import is_spelled
from voicelab.metrics.matching.dates import of_entity
from voicelab.metrics.matching.folding import folded
from voicelab.metrics.matching.numerals import numbers
from voicelab.metrics.matching.phrases import is_period
from voicelab.metrics.matching.shares import percentages
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.units import AFTER_NUMBER
from voicelab.metrics.matching.vocabulary import (
    ABBREVIATIONS,
    CENTS,
    CURRENCIES,
    CURRENCY_SIGNS,
    SCALE_LETTERS,
    SPELLED_NUMBERS,
    ZEROS,
    ZONES,
)

EntityClass = Literal[
    "company", "ticker", "person", "money", "percent", "date", "time", "number", "code", "action word", "name"
]
CLASSES: tuple[str, ...] = get_args(EntityClass)
_SAME = {
    "organization": "company", "organisation": "company", "org": "company", "brand": "company", "symbol": "ticker",
    "stock": "ticker", "per": "person", "person name": "person", "currency": "money", "amount": "money",
    "percentage": "percent", "phone": "number", "phone number": "number", "quantity": "number", "cardinal": "number",
    "ordinal": "number", "duration": "number", "id": "code", "alphanumeric": "code", "identifier": "code",
    "confirmation code": "code", "spelled code": "code", "action": "action word", "product": "name", "place": "name",
    "location": "name", "address": "name", "other": "name", "word": "name", "email": "name",
}  # fmt: skip
_CLOCK = re.compile(
    r"\d{1,2}:\d{2}|(?<![A-Za-z\d])\d{1,2}\s*[ap]\.?\s?m\b|\b(oclock|o'clock|noon|midnight)\b|\w past |quarter to", re.I
)
_CODE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9]+(?:[-./ ][A-Za-z0-9]+)*")
_PAIR = re.compile(r"\d+[a-z]{1,2}-?\d+[a-z]{1,3}|\d+(?:x\d+)+", re.I)
"""`2h30m`, `9am-5pm`, `5k-10k`, `2x4x8`."""
_SCALE = rf"(?:{'|'.join(SCALE_LETTERS)})?"
_PRICE = re.compile(rf"[-+]?(?:[a-z]+\.?-?\d[\d.,]*{_SCALE}|\d[\d.,]*{_SCALE}-?[^\W\d]+)", re.I)
_TICKER = re.compile(r"[A-Z]{2,5}(?:\.[A-Z])?")


def kind_of(text: str, tokens: tuple[Token, ...]) -> EntityClass:
    """The class of an entity from how it is written."""
    plain = folded(text).strip()
    currency = _names_currency(plain, tokens)
    spelled = is_spelled(tokens)
    letters_and_digits = spelled and not _ends_in_pm(tokens) and not _is_november(tokens) and not currency
    if letters_and_digits or _alternates(plain, tokens):
        return "code"
    if percentages(tokens):
        return "percent"
    if any(sign in text for sign in CURRENCY_SIGNS) or (currency and numbers(tokens)):
        return "money"
    if of_entity(text, tokens):
        return "date"
    if names_clock(plain, tokens) and times(tokens):
        return "time"
    whole = [one for one in numbers(tokens) if one.start == 0 and one.end == len(tokens)]
    if whole and not (len(tokens) == 2 and tokens[1].text in ("o", "oh")):
        return "number"
    if spelled:
        return "code"
    if _TICKER.fullmatch(plain):
        return "ticker"
    if _CODE.fullmatch(plain) and _looks_like_code(plain):
        return "code"
    return "name"


def _names_currency(plain: str, tokens: tuple[Token, ...]) -> bool:
    """Whether a word is a currency; in a single word only the first (`dollar-store`), in `KR-7PX8` none."""
    if " " in plain:
        named = tokens
    elif re.search(r"\d", plain):
        named = tokens if _PRICE.fullmatch(plain) else ()
    else:
        named = tokens[:1]
    return any(token.text in CURRENCIES or token.text in CENTS or token.text == "grand" for token in named)


def _ends_in_pm(tokens: tuple[Token, ...]) -> bool:
    """Whether a spelled entity is a time such as `9 p m`, and not the code `C T 9 P M` or `O 0 P M`."""
    if all(token.text in ZEROS or token.text.strip("0") == "" for token in tokens[:-2]):
        return False
    if tokens[-1].text in ("am", "pm"):
        return True
    return tokens[-1].text == "m" and not any(
        token.spelled and not token.joined and token.text not in "ao" for token in tokens[:-2]
    )


def _alternates(plain: str, tokens: tuple[Token, ...]) -> bool:
    """Whether one word changes at least three times between letters and digits, as the code `C1PP2VS` does."""
    changes = len(re.findall(r"(?<=[A-Za-z])[-./]?(?=\d)|(?<=\d)[-./]?(?=[A-Za-z])", plain))
    return changes > 2 and _CODE.fullmatch(plain) is not None and not (_PAIR.fullmatch(plain) or is_period(tokens))


def _is_november(tokens: tuple[Token, ...]) -> bool:
    """Whether the month is the only word beside numbers, so that it is the month and not the letter n.

    Also whether there are only numbers, one of which may have an `o`; more of them are letters.
    """
    words = [token.text for token in tokens]
    if words.count("november") > 1 or words.count("o") > 1:
        return False
    around = ("november", "the", "of", "and")
    return all(token.text in around or token.number or token.text in SPELLED_NUMBERS for token in tokens)


def names_clock(text: str, tokens: tuple[Token, ...]) -> bool:
    """Whether a text looks like a time of day, or has `am`, `pm`, a part of the day or a time zone after a number."""
    plain = folded(text).strip()
    named = [one for one in times(tokens) if not one.vague] if " " in plain else []
    zoned = bool(named) and _ends_in_a_zone(tokens)
    return _CLOCK.search(plain) is not None or zoned or any(one.half is not None for one in named)


def _ends_in_a_zone(tokens: tuple[Token, ...]) -> bool:
    """`nine thirty eastern`: only numbers before the zone."""
    *before, zone = tokens[:-1] if tokens[-1].text == "time" else tokens
    named = zone.text in ZONES or zone.text in ZONES.values()
    return named and all(token.number or token.text in SPELLED_NUMBERS for token in before)


def _looks_like_code(plain: str) -> bool:
    """Whether a word mixes letters and digits: `WZH-89B`, `AB12`, but not a word next to a number (`Studio 54`)."""
    words = re.split(r"[-./ ]", plain)
    mixed = any(
        re.search(r"\d", word) and re.search(r"[A-Za-z]", word) and not _is_counted(word.lower()) for word in words
    )
    return mixed or (plain.upper() == plain and "-" in plain)


def _is_counted(word: str) -> bool:
    """`90s`, `3rd`, `10x`, `10mg`: a number with an ending or a unit."""
    unit = re.fullmatch(r"\d[\d.,]*([a-z]+)", word)
    return unit is not None and (
        unit[1] in ("s", "st", "nd", "rd", "th", "x") or unit[1] in ABBREVIATIONS or unit[1] in AFTER_NUMBER
    )


def known_class(name: str | None) -> EntityClass | None:
    """Return the class of a label; None without a label and for an unknown one."""
    if name is None:
        return None
    folded_name = name.strip().lower().replace("_", " ").replace("-", " ")
    folded_name = _SAME.get(folded_name, folded_name)
    return next((known for known in get_args(EntityClass) if known == folded_name), None)
