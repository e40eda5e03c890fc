"""Dates in digits or words: `2026-03-03`, `3/3/26`, `march third twenty twenty six`, `the third of march`.

A date is found if the text has all parts of the entity: a day without a year does not match a date with a year. If both
numbers of `3/4/26` could be months, the first one is the month; in `3.4.26` the first one is the day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from voicelab.metrics.matching.folding import folded
from voicelab.metrics.matching.numerals import ByStart, Number, by_start, numbers, read
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.vocabulary import MONTH_NAMES, WEEKDAY_NAMES, WEEKDAYS

_ISO = re.compile(r"(?<![\d.])(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?![\d])")
_SHORT = re.compile(r"(?<![\d.,])(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_NO_YEAR = re.compile(r"(?<![\d.,/-])(\d{1,2})/(\d{1,2})(?![\d/])")


@dataclass(frozen=True, slots=True)
class Date:
    """The named parts of a date; two-digit years are from 1970 on."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    last: bool = False
    """Whether it ends a range of days, as the fifth of `March 3-5`."""

    def names(self, wanted: Date) -> bool:
        """Whether this date has all parts of the wanted one."""
        pairs = ((wanted.year, self.year), (wanted.month, self.month), (wanted.day, self.day))
        return all(theirs is None or theirs == mine for theirs, mine in pairs)


def of_entity(text: str, tokens: Sequence[Token]) -> list[Date]:
    """The date of an entity, or the first and the last of `March 3-5`; empty if it is not a date."""
    weekday = next((WEEKDAY_NAMES[token.text] for token in tokens if token.text in WEEKDAY_NAMES), None)
    named = [*_in_digits(folded(text)), *_in_words(tokens)]
    if not named:
        return []
    fullest = max(named, key=lambda date: (date.year is not None) + (date.month is not None) + (date.day is not None))
    last = {date.day for date in named if date.last}
    others = [replace(fullest, day=day) for day in last if day != fullest.day]
    return [replace(fullest, weekday=weekday, last=False), *others]


def month_and_year(tokens: Sequence[Token]) -> Date | None:
    """The other reading of `may twenty twenty five`, which is the 20th in '25 or a month of 2025; None for others."""
    if tokens[0].text not in MONTH_NAMES or any(token.number for token in tokens):
        return None
    named = list(_in_words(tokens))
    days = {one.month for one in named if one.day is not None}
    return next((one for one in named if one.year and one.day is None and one.month in days), None)


def names_date(wanted: Date, text: str, tokens: Sequence[Token]) -> bool:
    """Whether the text names the date."""
    if wanted.weekday is not None:
        said = {(WEEKDAY_NAMES if token.raw[0].isupper() else WEEKDAYS).get(token.text) for token in tokens}
        if wanted.weekday not in said:
            return False
    if any(said.names(wanted) for said in (*_in_digits(folded(text)), *_in_words(tokens))):
        return True
    return _digits_say(wanted, tokens)


def _in_digits(text: str) -> Iterator[Date]:
    for found in _ISO.finditer(text):
        yield from _checked(int(found[1]), int(found[2]), int(found[3]))
    for found in _SHORT.finditer(text):
        first, second, year = int(found[1]), int(found[3]), _year(found[4])
        day_first = found[2] == "." or first > 12
        if day_first and second <= 12:
            yield from _checked(year, second, first)
        else:
            yield from _checked(year, first, second)
    for found in _NO_YEAR.finditer(text):
        first, second = int(found[1]), int(found[2])
        yield from _checked(None, *((first, second) if first <= 12 else (second, first)))


def _checked(year: int | None, month: int, day: int) -> Iterator[Date]:
    if 1 <= month <= 12 and 1 <= day <= 31:
        yield Date(year, month, day)


def _year(digits: str) -> int:
    number = int(digits)
    return number if len(digits) == 4 else number + (2000 if number < 70 else 1900)


def _in_words(tokens: Sequence[Token]) -> Iterator[Date]:
    known = numbers(tokens)
    starts = by_start(known)
    for index, token in enumerate(tokens):
        month = MONTH_NAMES.get(token.text)
        if month is None:
            continue
        yield Date(month=month)
        of = index > 0 and tokens[index - 1].text == "of"
        before = [one for one in known if one.end == index - of]
        days_before = list(_day_first(tokens, month, index, before, starts))
        yield from days_before
        # After `the first of january` comes its year; `nineteen seventy` does not begin with a day there.
        if not (of and days_before):
            yield from _month_first(tokens, month, index + 1, starts)


def _month_first(tokens: Sequence[Token], month: int, index: int, starts: ByStart) -> Iterator[Date]:
    """`march third twenty twenty six`, `march 3, 2026`, `march 2026`, `march the third`."""
    for year, digits in _years(tokens, index, starts):
        if digits == 4:  # two digits right after a month are its day
            yield Date(year, month)
    at = index + (index < len(tokens) and tokens[index].text == "the")
    for day, end in _days(tokens, at, starts):
        yield Date(None, month, day)
        for year, _ in _years(tokens, end, starts):
            yield Date(year, month, day)
        for last, after in _last_days(tokens, end, starts):
            if last > day:
                yield Date(None, month, last, last=True)
                for year, _ in _years(tokens, after, starts):
                    yield Date(year, month, day)
                    yield Date(year, month, last, last=True)


def _last_days(tokens: Sequence[Token], index: int, starts: ByStart) -> Iterator[tuple[int, int]]:
    """The day that ends a range of days in one month: `3-5`, `third to fifth`, `third through the fifth`."""
    if index < len(tokens) and tokens[index].joined and tokens[index].mark == "-":
        yield from _days(tokens, index, starts)
    elif index < len(tokens) and tokens[index].text in ("to", "through", "until"):
        the = index + 1 < len(tokens) and tokens[index + 1].text == "the"
        yield from _days(tokens, index + 1 + the, starts)


def _day_first(
    tokens: Sequence[Token], month: int, index: int, before: Sequence[Number], starts: ByStart
) -> Iterator[Date]:
    """`the third of march twenty twenty six`, `3 march 2026`. before: the numbers that end before the month."""
    for number in before:
        day = _as_day(number)
        if day is None or tokens[index].paused:
            continue
        yield Date(None, month, day)
        for year, _ in _years(tokens, index + 1, starts):
            yield Date(year, month, day)


def _as_day(number: Number) -> int | None:
    if number.value is None or number.partial or number.value != int(number.value):
        return None
    return int(number.value) if 1 <= number.value <= 31 else None


def _days(tokens: Sequence[Token], index: int, starts: ByStart) -> Iterator[tuple[int, int]]:
    """The possible days at `index` with their ends; `three twenty twenty six` may begin with one."""
    for number in starts.get(index, []):
        day = _as_day(number)
        if day is not None:
            yield day, number.end
        for size in (1, 2):
            head = read(tokens, index, index + size) if index + size < number.end else None
            shorter = _as_day(head) if head is not None else None
            if shorter is not None:
                yield shorter, index + size


def _years(tokens: Sequence[Token], index: int, starts: ByStart) -> Iterator[tuple[int, int]]:
    """The possible years at `index`, with four digits in any spoken form or with two, and their number of digits."""
    while index < len(tokens) and tokens[index].text in ("of", "in", "the", "year"):
        index += 1
    candidates = list(starts.get(index, []))
    if index < len(tokens) and index not in starts:
        made = (read(tokens, index, end) for end in range(min(len(tokens), index + 6), index, -1))
        longest = next((one for one in made if one is not None and one.readings), None)
        candidates += [longest] if longest is not None else []
    for number in candidates:
        for reading in number.readings:
            if reading.isdigit() and len(reading) in (2, 4) and not number.partial:
                year = _year(reading)
                if 1000 <= year < 2200:
                    yield year, len(reading)


def _digits_say(wanted: Date, tokens: Sequence[Token]) -> bool:
    """Whether a number of the text is the whole date in digits: `three three twenty six`, `03032026`."""
    if any(token.text in MONTH_NAMES for token in tokens):
        return False
    spelled = _all_digits(wanted)
    # At least three words or six digits: `nineteen seventy` is a year and not the ninth of January 1970.
    return any(
        one.readings & spelled
        for one in numbers(tokens)
        if not one.partial and (one.end - one.start > 2 or len(one.digits or "") > 5)
    )


def names_digits(entity: Sequence[Token], text: str) -> bool:
    """Whether the text has the date in digits that a spoken number such as `twelve thirty one twenty four` may be."""
    if len(entity) < 3 or any(token.number for token in entity):
        return False
    spoken = [one.readings for one in numbers(entity) if one.start == 0 and one.end == len(entity)]
    written = [_all_digits(one) for one in _in_digits(folded(text)) if one.year is not None]
    return any(readings & digits for readings in spoken for digits in written)


def _all_digits(date: Date) -> frozenset[str]:
    """A complete date as digits without marks, with and without zeros: 123124, 12312024, 20241231, ..."""
    if date.year is None or date.month is None or date.day is None:
        return frozenset()
    years = {str(date.year), f"{date.year % 100:02d}"}
    months = {str(date.month), f"{date.month:02d}"}
    days = {str(date.day), f"{date.day:02d}"}
    spelled = {month + day + year for month in months for day in days for year in years}
    spelled |= {day + month + year for month in months for day in days for year in years}
    return frozenset({*spelled, f"{date.year}{date.month:02d}{date.day:02d}"})
