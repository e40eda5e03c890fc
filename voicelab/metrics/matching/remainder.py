"""The words of an entity outside its amount, date or time: `tomorrow at five`, `$50 gift card`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from voicelab.metrics.matching.codes import spells
from voicelab.metrics.matching.numerals import numbers
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.vocabulary import (
    CENTS,
    COUNTRIES,
    CURRENCIES,
    MONTH_NAMES,
    SCALE_LETTERS,
    SPELLED_NUMBERS,
    WEEKDAY_NAMES,
    ZONES,
)
from voicelab.text.english.shorthand import RATE_UNITS

_UNDERSTOOD = frozenset(
    """percent pct per cent percentage points point basis bps bp bips bpts pp ppt grand
    the of in at on a an and by
    for to through until between about around from past till til before after half quarter minutes minute oclock
    hours am pm m p noon midday
    midnight morning afternoon evening night tonight this year th st nd rd s k
    minus negative plus positive""".split()
) | {*CURRENCIES, *COUNTRIES, *CENTS, *MONTH_NAMES, *WEEKDAY_NAMES, *SPELLED_NUMBERS, *SCALE_LETTERS} - {"new"}


def rest_is_said(wanted: Sequence[Token], said: Sequence[Token]) -> bool:
    """Whether the text contains the entity's words outside its amount, date or time."""
    counted = {index for one in numbers(wanted) for index in range(one.start, one.end)}
    rates = {id(token) for index, token in enumerate(wanted) if _is_rate(wanted, index)}
    others = [token for index, token in enumerate(wanted) if index not in counted and not token.number]
    rest = [one for one in _with_initials_joined(others) if one.text not in _UNDERSTOOD or id(one) in rates]
    spoken = frozenset(form for token in said for form in (*token.forms, ZONES.get(token.text, token.text)))
    return all(token.forms & spoken or ZONES.get(token.text) in spoken or _is_spelled(token, said) for token in rest)


def _is_rate(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token is the unit after `per`, or after `a` beside an amount: `twenty dollars a year`."""
    if index < 2 or tokens[index].text not in RATE_UNITS or tokens[index - 1].text not in ("a", "an", "per"):
        return False
    before = tokens[index - 2]
    amount = before.number or before.text in CURRENCIES or before.text in CENTS or before.text in SPELLED_NUMBERS
    return amount or tokens[index - 1].text == "per"


def _with_initials_joined(tokens: Iterable[Token]) -> Iterator[Token]:
    """`eps` for `e p s`, which texts write in one word; `a m` and `p m` stay."""
    for spelled, letters in groupby(tokens, key=lambda token: token.spelled):
        run = list(letters)
        if spelled and run[0].text in "ap" and [token.text for token in run[1:2]] == ["m"]:
            run = run[2:]
        if spelled and len(run) > 2:
            word = "".join(token.text for token in run)
            yield replace(run[0], text=word, forms=frozenset({word}), raw=word.upper())
        else:
            yield from run


def _is_spelled(token: Token, said: Sequence[Token]) -> bool:
    """Whether the text has initials such as `GMT` letter by letter."""
    return len(token.text) > 1 and token.raw.isupper() and spells(token.text, said, by_letters=True)


def verbatim(wanted: Sequence[Token], said: Sequence[Token]) -> bool:
    """Whether the text contains the entity literally (at least two words), without an adjacent number at its edges."""
    words = [token.text for token in wanted]
    if len(words) < 2:
        return False
    for start in range(len(said) - len(words) + 1):
        end = start + len(words)
        same = [(token.text, token.mark) for token in said[start:end]]
        if same != [(token.text, token.mark) for token in wanted]:
            continue
        before = said[start - 1] if start else None
        after = said[end] if end < len(said) else None
        if before is not None and before.text in ("minus", "negative"):
            continue
        if not _two_numbers(before, said[start]) and not _two_numbers(said[end - 1], after):
            return True
    return False


def _two_numbers(one: Token | None, other: Token | None) -> bool:
    return all(token is not None and (token.number or token.text in SPELLED_NUMBERS) for token in (one, other))
