"""Money and percentages, in digits or words: amounts are compared by value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from voicelab.metrics.matching.cardinals import digits_of, plain, value_of
from voicelab.metrics.matching.numerals import Number, numbers
from voicelab.metrics.matching.tokens import Token, currency_sign
from voicelab.metrics.matching.vocabulary import CENTS, COUNTED, CURRENCIES, SCALE_LETTERS, TEENS, TENS, UNITS, ZEROS

_SMALL = 10
"""A bare number below this is money only beside a currency."""
_PERCENT = frozenset({"percent", "pct", "percentage"})
_BETWEEN = frozenset({"to", "or", "and", "through"})


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of money; currency is None where none is named, and bare tells that the number counts nothing else."""

    value: Decimal
    currency: str | None
    bare: bool = False


def money(tokens: Sequence[Token]) -> list[Amount]:
    """Every sum that the text may name."""
    found: list[Amount] = []
    starts: dict[int, Number] = {}
    for one in numbers(tokens):
        if one.value is not None or one.digits is not None:
            starts.setdefault(one.start, one)
    for place in range(len(tokens)):
        number = starts.get(place)
        if number is not None and not number.partial:
            found += _amounts(tokens, number, starts)
        elif tokens[place].text == "a" and [one.text for one in tokens[place + 1 : place + 2]] == ["grand"]:
            found.append(Amount(Decimal(1000), "dollar"))
        elif tokens[place].text == "a" and _currency(tokens, place + 1) not in (None, "cent"):
            found += _with_cents(tokens, Decimal(1), place + 1, starts)
    return found


def _amounts(tokens: Sequence[Token], number: Number, starts: dict[int, Number]) -> Iterator[Amount]:
    sign = currency_sign(tokens[number.first])
    values = set(_values(tokens, number))
    after = number.end
    if after < len(tokens) and tokens[after].text == "grand":
        yield from (Amount(value * 1000, "dollar") for value in values)
        return
    if after < len(tokens) and tokens[after].joined and tokens[after].text in SCALE_LETTERS:
        values = {value * SCALE_LETTERS[tokens[after].text] for value in values}
        after += 1
    named = _currency(tokens, after)
    if sign is not None and named is None:
        yield from (Amount(value / 100 if sign == "cent" else value, _unit(sign)) for value in values)
    elif named == "cent":
        yield from (Amount(value / 100, None) for value in values)
    elif named is not None:
        for value in values:
            yield from _with_cents(tokens, value, after, starts)
    else:
        counted = after < len(tokens) and tokens[after].text in COUNTED and not tokens[after].paused
        yield from (Amount(value, None, bare=True) for value in values if not counted)


def _unit(currency: str) -> str | None:
    return None if currency == "cent" else currency


def _values(tokens: Sequence[Token], number: Number) -> Iterator[Decimal]:
    """What the number may count; `two hundred twelve fifty` and `nineteen ninety nine` may name cents too."""
    sign = -1 if number.negative else 1
    words = [token.text for token in tokens[number.first : number.end]]
    if number.value is not None:
        yield number.value
    elif number.digits is not None:
        yield sign * Decimal(number.digits)
    for size in (1, 2):
        head, tail = words[:-size], words[-size:]
        cents = _two_digits(tail)
        if cents is None or not head or head[-1][0].isdigit():
            continue
        whole = value_of(head)
        if whole is None and (said := digits_of(head)) is not None:
            whole = Decimal(said)
        if whole is None or whole != int(whole):
            continue
        # `twenty five` is one number, and `two hundred five` too: cents follow only what they cannot be added to.
        if number.value is None:
            yield sign * (whole + Decimal(cents) / 100)


def _two_digits(words: Sequence[str]) -> int | None:
    if len(words) == 1:
        return TENS.get(words[0], TEENS.get(words[0]))
    first, second = words
    if first in TENS and second in UNITS:
        return TENS[first] + UNITS[second]
    return UNITS[second] if first in ZEROS and second in UNITS else None


def _currency(tokens: Sequence[Token], place: int) -> str | None:
    """The currency named at `place` (`dollars`, `us dollars`), "cent" for cents."""
    for skip in (0, 1):
        if place + skip >= len(tokens):
            return None
        word = tokens[place + skip].text
        if word in CENTS:
            return "cent"
        if word in CURRENCIES:
            return CURRENCIES[word]
        if word not in ("us", "canadian", "australian", "american"):
            return None
    return None


def _with_cents(tokens: Sequence[Token], value: Decimal, at: int, starts: dict[int, Number]) -> Iterator[Amount]:
    """An amount whose currency stands at `at`, with `and fifty cents` or `fifty` after it."""
    place = at
    while tokens[place].text not in CURRENCIES:
        place += 1
    currency = CURRENCIES[tokens[place].text]
    place += 1
    linked = place < len(tokens) and tokens[place].text == "and"
    rest = starts.get(place + linked)
    if rest is not None and rest.value is not None and 0 <= rest.value < 100 and value == int(value):
        cents = value + (rest.value if value >= 0 else -rest.value) / 100
        if _currency(tokens, rest.end) == "cent":
            yield Amount(cents, currency)
            return
        counted = rest.end < len(tokens) and (tokens[rest.end].text in COUNTED or _currency(tokens, rest.end))
        if not linked and not counted and rest.value >= _SMALL and not tokens[rest.start].paused:
            yield Amount(cents, currency)
            return
    yield Amount(value, currency)


def same_money(wanted: Amount, said: Amount) -> bool:
    """Whether a sum said is the sum wanted; a bare number counts where it is not too small to tell."""
    if wanted.value != said.value:
        return False
    if said.currency is not None and wanted.currency is not None:
        return said.currency == wanted.currency
    return not (said.bare and wanted.currency is not None) or abs(wanted.value) >= _SMALL or "." in plain(wanted.value)


def percentages(tokens: Sequence[Token]) -> set[Decimal]:
    """Every percentage that the text names, both ends of `five to ten percent`."""
    found: set[Decimal] = set()
    all_numbers = [one for one in numbers(tokens) if not one.partial]
    ends = {one.end: one for one in all_numbers}
    for number in all_numbers:
        if number.value is not None and _percent_at(tokens, number.end):
            found.add(number.value)
            before = ends.get(number.start - 1)
            if before is not None and before.value is not None and tokens[number.start - 1].text in _BETWEEN:
                found.add(before.value)
            if tokens[number.first].mark == "-" and (joined := ends.get(number.start)) and joined.value is not None:
                found.add(joined.value)
    for place, token in enumerate(tokens):
        if _percent_at(tokens, place) and token.text != "of":
            before_words = [one.text for one in tokens[max(0, place - 2) : place]]
            if before_words[-2:] == ["half", "a"] or before_words[-2:] == ["a", "half"]:
                found.add(Decimal("0.5"))
            elif before_words[-1:] == ["a"]:
                found.add(Decimal(1))
    return found


def _percent_at(tokens: Sequence[Token], place: int) -> bool:
    words = [token.text for token in tokens[place : place + 2]]
    return words[:1] == ["percentage"] or (bool(words) and words[0] in _PERCENT) or words == ["per", "cent"]
