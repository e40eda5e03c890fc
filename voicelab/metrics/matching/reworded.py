"""Alternative wordings of written forms: `three to one` for 3:1, `fourth quarter` for Q4.

Each rule is applied to the entity and to the text, so both directions match.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_BETWEEN = re.compile(r"\bbetween (\S+(?: \S+){0,3}?) and (?=\S)", re.IGNORECASE)
_RATIO = re.compile(r"(?<![\w.,:/-])(\d{1,4}):(\d)(?![\d:])")
_SIZE = re.compile(
    r"(?<![\w.,:/-])(\d{1,4})(?: ?[x×] ?(?=\d{1,4}(?![\w:.])(?! [A-Za-z\d]\b))|:(?=\d(?![\w:.])))", re.IGNORECASE
)
_OVER = re.compile(r"(?<![\w.,:/-])(\d{2,3})/(\d{2,3})(?![\w/.%])")
_OUT_OF = re.compile(r"(?<![\w.,:/-])(\d{1,3})/(\d{1,3})(?![\w/.%])")
_DEGREE = re.compile(r"\b([A-Z][a-z]?)\.([A-Z][a-z]{0,2})\.(?!\w)")
_HASH = re.compile(r"#(?=[A-Za-z]+-?\d)")
_AMPERSAND = re.compile(r"\b([A-Z]{1,2})&([A-Z])\b")
_HOURS = re.compile(r"(\d{1,2}) ?- ?(\d{1,2}) ?([ap])\.? ?m\b\.?", re.IGNORECASE)
_SPOKEN_HOURS = re.compile(r"\b(\w+) to (\w+) ([ap])\.? ?m\b\.?", re.IGNORECASE)
_PERIOD = re.compile(r"\b(?:Q([1-4])|([1-4])Q|(H)([12])|([12])H)(?: ?FY)? ?'?(\d{4}|\d{2})?(?!\w|-[A-Za-z])")
_FISCAL = re.compile(r"\bFY ?'?(\d{4}|\d{2})\b|\bfiscal (?=\d|[a-z]+t[wy])(?!year)")
_OF_YEAR = re.compile(r"\b(quarter|half) of (?=\d|twenty|nineteen|two thousand)", re.IGNORECASE)
_COUNTS = {"1": "first", "2": "second", "3": "third", "4": "fourth"}
_DAYS = re.compile(r"\b(mon|tues?|weds?|thurs?|thu|fri|sat|sun|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)"
                   r"([a-z]*)-(?=(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b)",
                   re.IGNORECASE)  # fmt: skip
_FIRST = re.compile(
    r"(?<=\bWorld War )I\b|(?<=\bPart )I\b|(?<=\bType )I\b|(?<=\bPhase )I\b|(?<=\bChapter )I\b|(?<=\bTitle )I\b"
)
"""Names in which `I` is a number. After other words it is the pronoun, or ambiguous."""


def between_as_range(text: str) -> str:
    return _BETWEEN.sub(r"\1 to ", text)


def ratio(text: str) -> str:
    """`3 to 1` for 3:1, which is not a time because its minutes would have two digits."""
    return _RATIO.sub(r"\1 to \2", text)


def size(text: str) -> str:
    return _SIZE.sub(r"\1 by ", text)


def over(text: str) -> str:
    """`120 over 80` for 120/80."""
    return _OVER.sub(r"\1 over \2", text)


def out_of(text: str) -> str:
    """`9 out of 10` for 9/10."""
    return _OUT_OF.sub(r"\1 out of \2", text)


def without_points(text: str) -> str:
    """`PhD` for Ph.D."""
    return _DEGREE.sub(r"\1\2", text)


def without_signs(text: str) -> str:
    """`A1009` for #A1009, and `ATT` for AT&T."""
    return _AMPERSAND.sub(r"\1\2", _HASH.sub("", text))


def hours(text: str) -> str:
    """`9 am until 10 am` for 9-10 am and for `nine to ten am`, which may also be 9:51."""
    return _SPOKEN_HOURS.sub(r"\1 \3m until \2 \3m", _HOURS.sub(r"\1 \3m until \2 \3m", text))


def period(text: str) -> str:
    """`fourth quarter 2023` for Q4 '23, `fiscal year 25` for FY25."""
    text = _OF_YEAR.sub(r"\1 ", text)
    return _FISCAL.sub(lambda found: f"fiscal year {found[1] or ''}", _PERIOD.sub(_in_words, text))


def _in_words(found: re.Match[str]) -> str:
    quarter, half, year = found[1] or found[2], found[4] or found[5], found[6]
    name = f"{_COUNTS[quarter]} quarter" if quarter else f"{_COUNTS[half]} half"
    return f"{name} {f'20{year}' if len(year) == 2 else year}" if year else name


def days(text: str) -> str:
    """`Mon to Fri` for Mon-Fri, and `Jan to Mar` for Jan-Mar."""
    return _DAYS.sub(r"\1\2 to ", text)


def first_of_its_name(text: str) -> str:
    return _FIRST.sub("1", text)


RULES: tuple[Callable[[str], str], ...] = (
    between_as_range, ratio, size, over, out_of, without_points, without_signs, hours, period, days, first_of_its_name,
)  # fmt: skip
