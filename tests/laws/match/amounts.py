"""Kinds of amounts: numbers, money, percentages, fractions, basis points, ranges."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.laws.match.kind import Kind, another, another_digit
from tests.laws.match.speaking import (
    below_hundred,
    cardinal,
    decimal,
    digits,
    ordinal,
    ordinal_ending,
    pairs,
)

_UNITS = ("", "$", "€")
_MONEY = {"$": ("dollar", "dollars", "cents"), "€": ("euro", "euros", "cents")}
_SCALES = {"thousand": ("K", "k"), "million": ("M", "mn"), "billion": ("B", "bn"), "trillion": ("T", "tn")}
_PARTS = {2: ("half", "halves"), 3: ("third", "thirds"), 4: ("quarter", "quarters"), 5: ("fifth", "fifths"),
          8: ("eighth", "eighths")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpokenAmount:
    """number: its digits. negative: whether it is below zero. unit: a currency, `%`, a scale, or "" for none."""

    number: str
    negative: bool = False
    unit: str = ""
    scale: str = ""


def _sign(chance: random.Random) -> bool:
    return chance.random() < 0.25


def _written_signs(amount: SpokenAmount) -> tuple[str, ...]:
    return ("-", "−") if amount.negative else ("",)


def _said_signs(amount: SpokenAmount) -> tuple[str, ...]:
    return ("minus ", "negative ") if amount.negative else ("",)


def _changed(chance: random.Random, amount: SpokenAmount, units: tuple[str, ...] = ()) -> SpokenAmount:
    ways = ["digit", "digit", "sign"] + ["unit"] * bool(units) + ["scale"] * bool(amount.scale)
    way = chance.choice(ways)
    if way == "sign" and amount.number.strip("0."):
        return replace(amount, negative=not amount.negative)
    if way == "unit":
        return replace(amount, unit=another(chance, units, amount.unit))
    if way == "scale":
        return replace(amount, scale=another(chance, tuple(_SCALES), amount.scale))
    return replace(amount, number=another_digit(chance, amount.number))


def _read_whole(number: int) -> list[str]:
    """The spoken forms of a whole number: as a cardinal, by digits, in pairs."""
    said = [cardinal(number), cardinal(number, " and ")]
    if 100 <= number < 10_000:
        said += [digits(str(number)), digits(str(number), "oh"), pairs(number)]
    return said


def _whole(chance: random.Random) -> int:
    return chance.choice([chance.randrange(1, 100), chance.randrange(100, 10_000), chance.randrange(10**4, 10**9)])


CARDINALS = Kind(
    "cardinals",
    "number",
    lambda chance: _whole(chance),
    lambda chance, value: int(another_digit(chance, str(value))),
    lambda value: [str(value), f"{value:,}"],
    _read_whole,
)

ORDINALS = Kind(
    "ordinals",
    "number",
    lambda chance: chance.randrange(1, 400),
    lambda chance, value: int(another_digit(chance, str(value))),
    lambda value: [f"{value}{ordinal_ending(value)}"],
    lambda value: [ordinal(value)],
)


def _draw_decimal(chance: random.Random) -> SpokenAmount:
    size, places = chance.choice([10, 100, 10_000]), chance.choice([1, 1, 2, 3])
    tail = "".join(chance.choice("0123456789") for _ in range(places - 1)) + chance.choice("123456789")
    return SpokenAmount(f"{chance.randrange(size)}.{tail}", _sign(chance))


def _spoken_decimal(amount: SpokenAmount) -> list[str]:
    head = int(amount.number.partition(".")[0])
    said = [decimal(amount.number, whole) for whole in _read_whole(head)]
    said += [text.replace(" zero", " oh") for text in said if " zero" in text]
    return [sign + text for sign in _said_signs(amount) for text in said]


DECIMALS = Kind(
    "decimals",
    "number",
    _draw_decimal,
    _changed,
    lambda amount: [sign + amount.number for sign in _written_signs(amount)],
    _spoken_decimal,
)


def _draw_money(chance: random.Random) -> SpokenAmount:
    dollars = chance.choice([chance.randrange(1, 20), chance.randrange(20, 1000), chance.randrange(1000, 100_000)])
    cents = chance.choice([0, chance.randrange(1, 100)])
    return SpokenAmount(f"{dollars}.{cents:02d}", _sign(chance), chance.choice(["$", "$", "€"]))


def _written_money(amount: SpokenAmount) -> list[str]:
    dollars, cents = amount.number.split(".")
    numbers = [f"{int(dollars):,}.{cents}", f"{dollars}.{cents}"]
    if cents == "00":
        numbers += [f"{int(dollars):,}", dollars]
    signs = _written_signs(amount)
    name = _MONEY[amount.unit][1]
    return [f"{sign}{amount.unit}{number}" for sign in signs for number in numbers] + [
        f"{sign}{number} {name}" for sign in signs for number in numbers
    ]


def _spoken_money(amount: SpokenAmount) -> list[str]:
    dollars, cents = (int(part) for part in amount.number.split("."))
    one, many, small = _MONEY[amount.unit]
    name = one if dollars == 1 else many
    said = [f"{cardinal(dollars)} {name}", f"{cardinal(dollars, ' and ')} {name}"]
    if cents:
        small = "cent" if cents == 1 else small
        said = [f"{text} and {below_hundred(cents)} {small}" for text in said]
        said.append(f"{decimal(f'{dollars}.{cents:02d}')} {many}")
        said += [f"{cardinal(dollars)} {name} {below_hundred(cents)}"] if cents > 9 else []
    return [sign + text for sign in _said_signs(amount) for text in said]


MONEY = Kind(
    "money",
    "money",
    _draw_money,
    lambda chance, amount: _changed(chance, amount, ("$", "€")),
    _written_money,
    _spoken_money,
)


def _draw_scaled(chance: random.Random) -> SpokenAmount:
    number = chance.choice([str(chance.randrange(1, 1000)), f"{chance.randrange(100)}.{chance.randrange(1, 10)}"])
    return SpokenAmount(number, _sign(chance), chance.choice(["$", "$", "€"]), chance.choice(tuple(_SCALES)))


def _written_scaled(amount: SpokenAmount) -> list[str]:
    upper, lower = _SCALES[amount.scale]
    endings = (upper, lower, f" {amount.scale}")
    signs = _written_signs(amount)
    return [f"{sign}{amount.unit}{amount.number}{ending}" for sign in signs for ending in endings]


def _spoken_scaled(amount: SpokenAmount) -> list[str]:
    said = [decimal(amount.number), decimal(amount.number).replace("hundred ", "hundred and ")]
    names = [_MONEY[amount.unit][1], *(["bucks"] if amount.unit == "$" else [])]
    return [f"{sign}{one} {amount.scale} {name}" for sign in _said_signs(amount) for one in said for name in names]


SCALES = Kind(
    "money with a scale",
    "money",
    _draw_scaled,
    lambda chance, amount: _changed(chance, amount, ("$", "€")),
    _written_scaled,
    _spoken_scaled,
)


def _draw_percent(chance: random.Random) -> SpokenAmount:
    number = chance.choice([str(chance.randrange(1, 101)), f"{chance.randrange(30)}.{chance.randrange(1, 100)}"])
    return SpokenAmount(number, _sign(chance), chance.choice(["%", "%", "%", "points"]))


def _written_percent(amount: SpokenAmount) -> list[str]:
    endings = ("%", " percent") if amount.unit == "%" else (" percentage points", " pp")
    return [f"{sign}{amount.number}{ending}" for sign in _written_signs(amount) for ending in endings]


def _spoken_percent(amount: SpokenAmount) -> list[str]:
    endings = ("percent", "per cent") if amount.unit == "%" else ("percentage points",)
    return [f"{sign}{decimal(amount.number)} {ending}" for sign in _said_signs(amount) for ending in endings]


PERCENT = Kind(
    "percent",
    "percent",
    _draw_percent,
    lambda chance, amount: _changed(chance, amount, ("%", "points")),
    _written_percent,
    _spoken_percent,
)

BASIS_POINTS = Kind(
    "basis points",
    "percent",
    lambda chance: SpokenAmount(str(chance.randrange(1, 400)), _sign(chance), "bps"),
    lambda chance, amount: _changed(chance, amount, ("bps", "%")),
    lambda amount: [
        f"{sign}{amount.number}{ending}"
        for sign in _written_signs(amount)
        for ending in ((" bps", "bps", " basis points") if amount.unit == "bps" else ("%", " percent"))
    ],
    lambda amount: [
        f"{sign}{cardinal(int(amount.number))} {'basis points' if amount.unit == 'bps' else 'percent'}"
        for sign in _said_signs(amount)
    ],
)


@dataclass(frozen=True, slots=True)
class SpokenShare:
    """A whole number and a fraction, with or without percent."""

    whole: int
    part: Fraction
    percent: bool


def _draw_share(chance: random.Random) -> SpokenShare:
    below = chance.choice(tuple(_PARTS))
    part = Fraction(chance.randrange(1, below), below)
    return SpokenShare(chance.choice([0, 0, chance.randrange(1, 30)]), part, chance.random() < 0.4)


def _change_share(chance: random.Random, share: SpokenShare) -> SpokenShare:
    if share.whole and chance.random() < 0.5:
        return replace(share, whole=int(another_digit(chance, str(share.whole))))
    while (part := _draw_share(chance).part) == share.part:
        pass
    return replace(share, part=part)


def _written_share(share: SpokenShare) -> list[str]:
    head = f"{share.whole} " if share.whole else ""
    numbers = [f"{head}{share.part.numerator}/{share.part.denominator}"]
    if 1000 % share.part.denominator == 0:
        numbers.append(f"{share.whole + float(share.part):g}")
    return [f"{number}%" for number in numbers] if share.percent else numbers


def _spoken_share(share: SpokenShare) -> list[str]:
    one, many = _PARTS[share.part.denominator]
    top = share.part.numerator
    said = [f"one {one}", f"a {one}"] if top == 1 else [f"{cardinal(top)} {many}"]
    if share.whole:
        return [f"{cardinal(share.whole)} and {text}{' percent' if share.percent else ''}" for text in said]
    return [f"{text} of a percent" for text in said] if share.percent else said[:1]


FRACTIONS = Kind("fractions", "", _draw_share, _change_share, _written_share, _spoken_share)


@dataclass(frozen=True, slots=True)
class Range:
    """A range of whole numbers with a unit."""

    low: int
    high: int
    unit: str


def _draw_range(chance: random.Random) -> Range:
    low = chance.randrange(1, 90)
    return Range(low, low + chance.randrange(1, 60), chance.choice(["%", "$", "", "million"]))


def _change_range(chance: random.Random, span: Range) -> Range:
    step = chance.choice([1, 2, 10])
    return replace(span, high=span.high + step) if chance.random() < 0.5 else replace(span, low=span.low + step * 100)


def _written_range(span: Range) -> list[str]:
    return {
        "%": [f"{span.low}-{span.high}%", f"{span.low}%-{span.high}%", f"{span.low}–{span.high}%"],
        "$": [f"${span.low}-${span.high}", f"${span.low}-{span.high}", f"${span.low} to ${span.high}"],
        "million": [f"${span.low}-{span.high} million", f"${span.low}M-${span.high}M"],
        "": [f"{span.low}-{span.high}", f"{span.low} to {span.high}"],
    }[span.unit]


def _spoken_range(span: Range) -> list[str]:
    low, high = cardinal(span.low), cardinal(span.high)
    unit = {"%": " percent", "$": " dollars", "million": " million dollars", "": ""}[span.unit]
    return [f"{low} to {high}{unit}"]


RANGES = Kind("ranges", "", _draw_range, _change_range, _written_range, _spoken_range)
