"""Alternative wordings of written forms: `three to one` for 3:1, `fourth quarter` for Q4.

Each rule is applied to the entity and to the text, so both directions match.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from voicelab.text.english.shorthand import PENCE, growth_in_words

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
_SPAN = re.compile(
    r"(?<![\w.,-])([$€£]?)(\d[\d.,]*?)(?: ?(k|m|mm|bn|b|tn|t|x))? ?[-–] ?\1(\d[\d.,]*?) ?(k|m|mm|bn|b|tn|t|x)(?![\w-])",
    re.I,
)
"""`5k-10k`, `$5M-$10M`, `1.5x-2x`: a range with a scale or `x` after its numbers."""
_QUARTER_OF_YEAR = re.compile(
    r"\b(?:FY ?'?(\d{4}|\d{2}) ?(Q[1-4]|H[12])|(Q[1-4]|H[12]|[1-4]Q|[12]H) ?FY ?'?(\d{4}|\d{2}))\b"
)
_OF_FISCAL = re.compile(r"\b(quarter|half) (?:of )?(?:the )?fiscal (?:year )?(?=\w)", re.IGNORECASE)
_FISCAL_FIRST = re.compile(
    r"\bfiscal (?:year )?(\d{4}|\d{2}|(?:twenty|nineteen|two thousand)(?: \w+){1,2}?)"
    r" (first|second|third|fourth) (quarter|half)\b",
    re.IGNORECASE,
)
_ON = re.compile(r"\b(year|quarter|month)[ -](?:on|over)[ -]\1\b", re.IGNORECASE)
_ZONE = re.compile(r"(?<=[\dm.] )([ECMP])(?:[SD])?T\b")
_ZONES = {"E": "eastern", "C": "central", "M": "mountain", "P": "pacific"}
_MULTIPLE = re.compile(r"\bEV/(?=[A-Z])")
_LINKED = re.compile(r"(?<=[a-z])-to-(?=[a-z])", re.IGNORECASE)
_YEARS = re.compile(r"\b(\d{1,2})Y\b")
_ABOVE = re.compile(r"(?<!\S)>(?= ?[$€£]?\d)")
_BELOW = re.compile(r"(?<!\S)<(?= ?[$€£]?\d)")
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
    (_LINKED, " to "),
    (re.compile(PENCE), r"\1 pence"),
    (_MULTIPLE, "EV to "),
    (_YEARS, r"\1 year"),
    (_ABOVE, "greater than "),
    (_BELOW, "less than "),
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


def apart(text: str) -> str:
    """`5k to 10k` for 5k-10k and for 5-10k."""
    return _SPAN.sub(
        lambda found: f"{found[1]}{found[2]}{found[3] or found[5]} to {found[1]}{found[4]}{found[5]}", text
    )


def once(text: str) -> str:
    """`5 to 10k` for 5k-10k; `5k-10m` stays."""
    return _SPAN.sub(
        lambda found: (
            f"{found[1]}{found[2]} to {found[1]}{found[4]}{found[5]}"
            if (found[3] or found[5]).lower() == found[5].lower()
            else found[0]
        ),
        text,
    )


_SCALED = re.compile(
    r"\bto\b.*(?:\b(?:thousand|million|billion|trillion|times)\b|[\w.] ?(?:k|m|mm|bn|b|tn|t|x)\b)", re.I
)


def has_scaled_range(text: str) -> bool:
    """`5k-10k`, `five to ten thousand`."""
    return _SPAN.search(text) is not None or _SCALED.search(text) is not None


def fiscal(text: str, century: str = "20") -> str:
    """`first quarter fiscal year 2024` for FY24Q1, Q1 FY24 and `fiscal 2024 first quarter`.

    century: put before a year of two digits.
    """

    def written(found: re.Match[str]) -> str:
        year, (letter, count) = found[1] or found[4], sorted(found[2] or found[3], reverse=True)
        year = century + year if len(year) == 2 else year
        return f"{_COUNTS[count]} {'quarter' if letter == 'Q' else 'half'} fiscal year {year}"

    text = _FISCAL_FIRST.sub(r"\2 \3 fiscal year \1", _QUARTER_OF_YEAR.sub(written, text))
    text = _FISCAL.sub(
        lambda found: f"fiscal year {century if found[1] and len(found[1]) == 2 else ''}{found[1] or ''}", text
    )
    return _OF_FISCAL.sub(r"\1 fiscal year ", text)


def growth(text: str) -> str:
    """`year over year` for YoY, Y/Y and `year on year`."""
    return _ON.sub(r"\1 over \1", growth_in_words(text))


def zones(text: str) -> str:
    """`9:30 eastern` for 9:30 ET."""
    return _ZONE.sub(lambda found: _ZONES[found[1]], text)


RULES: tuple[Callable[[str], str], ...] = (
    *(partial(pattern.sub, wording) for pattern, wording in _REPLACED), without_signs, hours, period,
    apart, fiscal, partial(fiscal, century=""), growth, zones,
)  # fmt: skip
