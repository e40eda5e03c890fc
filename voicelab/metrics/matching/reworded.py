"""Alternative wordings of written forms: `three to one` for 3:1, `fourth quarter` for Q4.

Each rule is applied to the entity and to the text, so both directions match.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

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


_REPLACED: tuple[tuple[re.Pattern[str], str], ...] = (
    (_BETWEEN, r"\1 to "),
    (_RATIO, r"\1 to \2"),  # not a time, because its minutes would have two digits
    (_SIZE, r"\1 by "),
    (_OVER, r"\1 over \2"),
    (_OUT_OF, r"\1 out of \2"),
    (_DEGREE, r"\1\2"),  # `PhD` for Ph.D.
    (_DAYS, r"\1\2 to "),
    (_FIRST, "1"),
)


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


RULES: tuple[Callable[[str], str], ...] = (
    *(partial(pattern.sub, wording) for pattern, wording in _REPLACED), without_signs, hours, period,
)  # fmt: skip
