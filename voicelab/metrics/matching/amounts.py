"""Amounts of money in digits or words, compared by value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from voicelab.metrics.matching.cardinals import digits_of, plain, value_of
from voicelab.metrics.matching.numerals import Number, numbers, upper_end
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.tokens import currency_sign
from voicelab.metrics.matching.vocabulary import (
    CENTS,
    COUNTED,
    COUNTRIES,
    CURRENCIES,
    CURRENCY_CODES,
    NOT_MONEY,
    SCALE_LETTERS,
    SCALES,
    SPELLED_NUMBERS,
    TEENS,
    TENS,
    UNITS,
    ZEROS,
)
from voicelab.text.english.vocabulary import AFTER_CENTS

_WORDS_AND_LETTERS = {**SCALE_LETTERS, **SCALES}
_LINKS = frozenset({"to", "through", "between", "and"})
_SMALL = 10
"""A bare number below this is money only with a currency."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money.

    currency: None if none is named. bare: the number has no unit and counts nothing else. start: index of its first
    token; several amounts with the same start are readings of the same words. end: end of its cents, if any.
    """

    value: Decimal
    currency: str | None
    bare: bool = False
    start: int = 0
    end: int = 0


def money(tokens: Sequence[Token]) -> list[Amount]:
    """Every amount that the text may name."""
    found: list[Amount] = []
    known = [one for one in numbers(tokens) if one.value is not None or one.digits is not None]
    starts = {one.start: one for one in reversed(known)}  # the first of each
    inherited: dict[int, str] = {}
    end = 0
    for index in range(len(tokens)):
        if index < end:
            continue
        number = starts.get(index)
        made: list[Amount] = []
        if number is not None and not number.partial:
            made = [_with_currency(one, inherited.get(index)) for one in _amounts(tokens, number, starts)]
            if (upper := upper_end(tokens, number, starts)) and (sign := currency_sign(tokens[number.first])):
                inherited[upper.start] = sign
            made += _as_lower_end(tokens, number, starts)
        elif tokens[index].text == "a" and [one.text for one in tokens[index + 1 : index + 2]] == ["grand"]:
            made = [Amount(Decimal(1000), "dollar")]
        elif _is_one(tokens, index):
            made = list(_with_cents(tokens, Decimal(1), index + 1, starts))
        end = max((one.end for one in made), default=0)
        found += [replace(one, start=index) for one in made]
    return found


def _is_one(tokens: Sequence[Token], index: int) -> bool:
    """`a dollar`, but not the unit of `five dollars a pound`."""
    if tokens[index].text != "a" or _currency(tokens, index + 1) in (None, "cent"):
        return False
    before = tokens[index - 1].text if index and not tokens[index].paused else ""
    return before not in CURRENCIES and before not in CENTS


def _with_currency(amount: Amount, currency: str | None) -> Amount:
    """`10` in `$5-10` is an amount in dollars."""
    return replace(amount, currency=_unit(currency), bare=False) if amount.bare and currency else amount


def _as_lower_end(tokens: Sequence[Token], number: Number, starts: dict[int, Number]) -> Iterator[Amount]:
    """Scale and currency that the start of a range takes from its end: `5 to 10 million dollars`, `$5-10M`."""
    upper = upper_end(tokens, number, starts)
    if upper is None or number.value is None:
        return
    factor, _ = _scale(tokens, upper)
    scale = _WORDS_AND_LETTERS.get(tokens[upper.end - 1].text, 1) if upper.end > upper.start + 1 else 1
    factor *= scale if scale >= 1000 else 1
    own = currency_sign(tokens[number.first])
    for amount in _amounts(tokens, upper, starts):
        currency = own or amount.currency
        if currency is not None:
            yield Amount(number.value * factor, currency)


def _scale(tokens: Sequence[Token], number: Number) -> tuple[int, int]:
    """The factor of a letter right after the number, and the index after it."""
    after = number.end
    if after < len(tokens) and tokens[after].text in SCALE_LETTERS and not tokens[after].paused:
        token = tokens[after]
        told = token.raw.isupper() and currency_sign(tokens[number.first]) is not None
        if (token.joined and not token.mark) or told or len(token.text) > 1:
            return SCALE_LETTERS[token.text], after + 1
    return 1, after


def _amounts(tokens: Sequence[Token], number: Number, starts: dict[int, Number]) -> Iterator[Amount]:
    sign = currency_sign(tokens[number.first]) or _code_before(tokens, number.start)
    values = set(_values(tokens, number))
    after = number.end
    if after < len(tokens) and tokens[after].text == "grand":
        yield from (Amount(value * 1000, "dollar") for value in values)
        return
    factor, after = _scale(tokens, number)
    values = {value * factor for value in values}
    named = _currency(tokens, after)
    if sign is not None and named is None:
        yield from (Amount(value / 100 if sign == "cent" else value, _unit(sign)) for value in values)
    elif named == "cent":
        yield from (Amount(value / 100, None) for value in values)
    elif named is not None:
        for value in values:
            yield from _with_cents(tokens, value, after, starts)
    else:
        counted = after < len(tokens) and (tokens[after].text in COUNTED or tokens[after].text in NOT_MONEY)
        counted = counted and not tokens[after].paused
        yield from (Amount(value, None, bare=True) for value in values if not counted)


def _code_before(tokens: Sequence[Token], start: int) -> str | None:
    """The currency of `USD 5`."""
    before = tokens[start - 1] if start else None
    if before is None or tokens[start].paused or before.text not in CURRENCY_CODES:
        return None
    counts_before = start > 1 and (tokens[start - 2].number or tokens[start - 2].text in SPELLED_NUMBERS)
    return None if counts_before else CURRENCIES[before.text]


def _unit(currency: str) -> str | None:
    return None if currency == "cent" else currency


def _values(tokens: Sequence[Token], number: Number) -> Iterator[Decimal]:
    """The readings of the number; `two hundred twelve fifty` and `nineteen ninety nine` may include cents."""
    sign = -1 if number.negative else 1
    words = [token.text for token in tokens[number.first : number.end]]
    if number.value is not None:
        # `twenty five` and `two hundred five` are single numbers: cents follow only if they cannot be added.
        yield number.value
        return
    if number.digits is not None:
        yield sign * Decimal(number.digits)
    for size in (1, 2):
        head, tail = words[:-size], words[-size:]
        cents = _two_digits(tail)
        if cents is None or not head or head[-1][0].isdigit():
            continue
        whole = value_of(head)
        if whole is None and (said := digits_of(head)) is not None:
            whole = Decimal(said)
        if whole is not None and whole == int(whole):
            yield sign * (whole + Decimal(cents) / 100)


def _two_digits(words: Sequence[str]) -> int | None:
    if len(words) == 1:
        return TENS.get(words[0], TEENS.get(words[0]))
    first, second = words
    if first in TENS and second in UNITS:
        return TENS[first] + UNITS[second]
    return UNITS[second] if first in ZEROS and second in UNITS else None


def _currency(tokens: Sequence[Token], index: int) -> str | None:
    """The currency named at `index` (`dollars`, `us dollars`), "cent" for cents."""
    for skip in (0, 1, 2):
        if index + skip >= len(tokens):
            return None
        word = tokens[index + skip].text
        if word in CENTS:
            return "cent"
        if word in CURRENCIES:
            return CURRENCIES[word]
        if word not in COUNTRIES:
            return None
    return None


def _with_cents(tokens: Sequence[Token], value: Decimal, at: int, starts: dict[int, Number]) -> Iterator[Amount]:
    """An amount with its currency at index `at`, and `and fifty cents` or `fifty` after it."""
    index = at
    while tokens[index].text not in CURRENCIES:
        index += 1
    currency = CURRENCIES[tokens[index].text]
    index += 1
    linked = index < len(tokens) and tokens[index].text == "and"
    rest = starts.get(index + linked)
    if rest is not None and rest.value is not None and 0 <= rest.value < 100 and value == int(value):
        cents = value + (rest.value if value >= 0 else -rest.value) / 100
        if _currency(tokens, rest.end) == "cent":
            yield Amount(cents, currency, end=rest.end)
            return
        counted = rest.end < len(tokens) and (tokens[rest.end].text in COUNTED or _currency(tokens, rest.end))
        ends = rest.end == len(tokens) or tokens[rest.end].paused or tokens[rest.end].text in AFTER_CENTS
        plain_cents = rest.value >= _SMALL or ends  # `a dollar five`, but not `a dollar five people`
        if not linked and not counted and plain_cents and not tokens[rest.start].paused:
            yield Amount(cents, currency, end=rest.end)
            return
    yield Amount(value, currency)


def names_money(wanted: Sequence[Amount], said: Sequence[Amount]) -> bool:
    """Whether the text has every amount of the entity; of several readings, any one is enough."""
    named = [one for one in wanted if not one.bare] or list(wanted)
    places = dict.fromkeys(one.start for one in named)
    return all(any(same_money(one, other) for one in named if one.start == index for other in said) for index in places)


def may_be_prices(tokens: Sequence[Token]) -> bool:
    """Whether an entity is a number, a range or a rate without a currency: `two ten to two fifty`, `ten a gallon`."""
    words = [token.text for token in tokens]
    end = next((index for index, word in enumerate(words) if index and word in ("a", "an", "per")), len(words))
    return all(word in SPELLED_NUMBERS or word in _LINKS for word in words[:end]) and len(words) - end in (0, 2)


def names_prices(wanted: Sequence[Amount], said: Sequence[Amount]) -> bool:
    """Whether a text with a currency has the prices that numbers such as `three fifty` may be."""
    priced = [one for one in said if one.currency is not None]
    places = dict.fromkeys(one.start for one in wanted)
    return bool(places) and all(
        any(one.value == other.value and one.value % 1 for one in wanted if one.start == index for other in priced)
        for index in places
    )


def same_money(wanted: Amount, said: Amount) -> bool:
    """Whether two amounts are equal; a bare number counts unless it is too small."""
    if wanted.value != said.value:
        return False
    if said.currency is not None and wanted.currency is not None:
        return said.currency == wanted.currency
    return not (said.bare and wanted.currency is not None) or abs(wanted.value) >= _SMALL or "." in plain(wanted.value)
