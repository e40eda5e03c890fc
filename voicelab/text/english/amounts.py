"""Money, percentages and units after a number."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from voicelab.text.english.cardinals import decimal_text, is_numeral
from voicelab.text.english.numbers import MAYBE_TIME
from voicelab.text.english.rewriting import Taken, rewritten
from voicelab.text.english.shorthand import RATE_UNITS
from voicelab.text.english.vocabulary import AFTER_CENTS, CENTS, CURRENCIES, SCALES, UNITS

_STARTS = frozenset({"half", "quarter", "a"})
_BEFORE_A_RATE = frozenset({*CURRENCIES.values(), "times", "miles", "kilometers", "barrels", "percent"})
_UNITS_OF_RATES = frozenset(unit.split()[0] for unit in RATE_UNITS.values())
_AFTER_MONEY = frozenset({*CENTS, *CURRENCIES, "us", "u.s"})
_PERCENT = ("a percent", "of a percent", "percent", "of percent", "a percentage point", "percentage point")


def with_amounts(words: Sequence[str]) -> list[str]:
    """Return the words with one notation for amounts: `5.5 dollars`, `0.5 percent`, `10 kilometers`, `10000`."""
    return _per_units(_one_unit_for_ranges(rewritten(words, _amount)))


def _amount(words: Sequence[str], index: int, _: list[str]) -> Taken:
    if not words[index][0].isdecimal() and words[index] not in _STARTS:
        return None
    return next(filter(None, (rule(words, index) for rule in _RULES)), None)


def _value(words: Sequence[str], index: int) -> Fraction | None:
    if index >= len(words):
        return None
    word = words[index].replace(MAYBE_TIME, "")
    return Fraction(word) if is_numeral(word) else None


def _money(words: Sequence[str], index: int) -> Taken:
    """A number and a currency, optionally followed by cents: 5 dollars and 50 cents, a dollar 50."""
    scaled = index + 1
    if scaled >= len(words) or words[scaled] not in _AFTER_MONEY:
        return None
    one = words[index] == "a" and words[scaled] == "dollar"
    value = Fraction(1) if one else _value(words, index)
    if value is None:
        return None
    if words[scaled] in CENTS:
        return _priced(value / 100, CENTS[words[scaled]], scaled + 1)
    index = scaled + (words[scaled] in ("us", "u.s") and words[scaled + 1 : scaled + 2] in (["dollar"], ["dollars"]))
    currency = CURRENCIES.get(words[index]) if index < len(words) else None
    if currency is None or words[index] == "won":
        return None
    end = index + 1
    start = end + (words[end : end + 1] == ["and"])
    cents = _value(words, start)
    if cents is not None and cents < 100 and words[start + 1 : start + 2] and words[start + 1] in CENTS:
        return _priced(value + cents / 100, currency, start + 2)
    if cents is not None and start == end and (one or cents >= 10) and _are_cents(words, end, value):
        return _priced(value + cents / 100, currency, end + 1)
    if one:
        return None
    country = ["us"] if index > scaled else []
    taken = _priced(value, currency, end)
    return (taken[0][:1] + country + taken[0][1:], end) if taken is not None else None


def _are_cents(words: Sequence[str], index: int, value: Fraction) -> bool:
    """Whether the number at `index` is the cents of `a dollar 50` and does not count something else."""
    whole = value.denominator == 1 and words[index].isdecimal() and int(words[index]) < 100
    return whole and (index + 1 == len(words) or words[index + 1] in AFTER_CENTS)


def _priced(value: Fraction, currency: str, end: int) -> Taken:
    text = decimal_text(value)
    return None if text is None else ([text, currency], end)


def _part_of_percent(words: Sequence[str], index: int) -> Taken:
    """Half a percent, a quarter of a percent, 3/4 of a percent."""
    end = index + 1 + (words[index] == "a")
    if words[end - 1 : end] in (["half"], ["quarter"]):
        value = Fraction(1, 2) if words[end - 1] == "half" else Fraction(1, 4)
    elif "/" in words[index]:
        top, _, bottom = words[index].partition("/")
        if not (top.isdecimal() and bottom.isdecimal() and int(bottom)):
            return None
        value = Fraction(int(top), int(bottom))
    else:
        return None
    text = decimal_text(value)
    for phrase in _PERCENT:
        length = len(phrase.split())
        if text is not None and list(words[end : end + length]) == phrase.split():
            unit = phrase.removeprefix("of ").removeprefix("a ").replace("point", "points").split()
            return [text, *unit], end + length
    return None


def _thousands(words: Sequence[str], index: int) -> Taken:
    """10 k, except 401 k (a retirement plan)."""
    value = _value(words, index) if words[index + 1 : index + 2] == ["k"] else None
    if value is None or value == 401:
        return None
    return [decimal_text(value * SCALES["thousand"]) or words[index]], index + 2


def _unit(words: Sequence[str], index: int) -> Taken:
    if index + 1 >= len(words) or words[index + 1] not in UNITS or (value := _value(words, index)) is None:
        return None
    one, more = UNITS[words[index + 1]]
    return [words[index], *(one if value == 1 else more).split()], index + 2


_RULES: tuple[Callable[[Sequence[str], int], Taken], ...] = (_part_of_percent, _thousands, _money, _unit)


def _per_units(words: list[str]) -> list[str]:
    """Replace `5 dollars a share` by `5 dollars per share`, because a slash stands for both."""
    if "a" not in words and "an" not in words:
        return words
    for index in range(1, len(words) - 1):
        if words[index] in ("a", "an") and words[index - 1] in _BEFORE_A_RATE and words[index + 1] in _UNITS_OF_RATES:
            words[index] = "per"
    return words


def _one_unit_for_ranges(words: list[str]) -> list[str]:
    """Keep the unit of a range once: 5 dollars to 10 dollars, 5 percent to 10 percent as in 5 to 10 dollars."""
    kept: list[str] = []
    for index, word in enumerate(words):
        unit = word in ("percent", "times") or word in CURRENCIES.values()
        if unit and words[index + 1 : index + 2] == ["to"] and words[index + 3 : index + 4] == [word]:
            continue
        kept.append(word)
    return kept
