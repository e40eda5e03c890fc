"""Alternative wordings of written forms: `three to one` for 3:1, `fourth quarter` for Q4.

Each rule is applied to the entity and to the text, so both directions match.
"""

import re
from collections.abc import Callable
from functools import partial

from voicelab.metrics.matching.phrases import COUNTS
from voicelab.metrics.matching.vocabulary import SPELLED_NUMBERS, TEENS, TENS
from voicelab.text.english.shorthand import (
    PENCE,
    RATE_UNIT,
    YEARS,
    growth_in_words,
    periods_in_words,
    rates_in_words,
    years_in_words,
)
from voicelab.text.english.vocabulary import ZONES

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
_FISCAL = re.compile(
    r"\b([FC])Y ?'?(\d{4}|\d{2})\b|\b(fiscal|calendar) (?=\d|twenty|nineteen|two thousand)", re.IGNORECASE
)
_SPOKEN_YEAR = re.compile(
    rf"\b(fiscal|calendar) year (?=(?:twenty|thirty)\b(?! (?:{'|'.join((*TEENS, *TENS, 'hundred'))})\b))", re.IGNORECASE
)
"""A year without its century, as in `fiscal year twenty four`."""
_MONTHS = re.compile(r"\b([369])M(?: ?'?(20\d\d)| ?'(\d\d)|(\d\d))(?![\w-])")
_FIRST_MONTHS = re.compile(
    r"\b(?:the )?first (three|six|nine|[369]) months (?:of |in )?(?=\d{4}|'\d\d|twenty \w|two thousand)", re.IGNORECASE
)
_OF_YEAR = re.compile(r"\b(quarter|half) of (?=\d|twenty|nineteen|two thousand)", re.IGNORECASE)
_KINDS_OF_YEAR = {"F": "fiscal", "C": "calendar"}
_DAYS = re.compile(r"\b(mon|tues?|weds?|thurs?|thu|fri|sat|sun|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)"
                   r"([a-z]*)-(?=(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b)",
                   re.IGNORECASE)  # fmt: skip
_SPAN = re.compile(
    r"(?<![\w.,-])([$€£]?)(\d[\d.,]*?)(?: ?(k|m|mm|bn|b|tn|t|x))? ?[-–] ?\1(\d[\d.,]*?) ?(k|m|mm|bn|b|tn|t|x)(?![\w-])",
    re.I,
)
"""`5k-10k`, `$5M-$10M`, `1.5x-2x`: a range with a scale or `x` after its numbers."""
_QUARTER_OF_YEAR = re.compile(
    r"\b(?:([FC])Y ?'?(\d{4}|\d{2}) ?(Q[1-4]|H[12])|(Q[1-4]|H[12]|[1-4]Q|[12]H) ?([FC])Y ?'?(\d{4}|\d{2}))\b"
)
_OF_FISCAL = re.compile(r"\b(quarter|half) (?:of )?(?:the )?(fiscal|calendar) (?:year )?(?=\w)", re.IGNORECASE)
_FISCAL_FIRST = re.compile(
    r"\b(fiscal|calendar) (?:year )?(\d{4}|\d{2}|(?:twenty|nineteen|two thousand)(?: \w+){1,2}?)"
    r" (first|second|third|fourth) (quarter|half)\b",
    re.IGNORECASE,
)
_ON = re.compile(r"\b(year|quarter|month)[ -](?:on|over)[ -]\1\b", re.IGNORECASE)
_ZONE = re.compile(r"(?<=[\dm.] )([ECMP])(?:[SD])?T\b")
_ZONE_TIME = re.compile(r"\b(eastern|central|mountain|pacific)(?: (?:standard|daylight))? time\b", re.IGNORECASE)
_COUNTED_BY = re.compile(
    rf"\b(\w*\d|dollars?|cents?|euros?|pounds?|bucks?|yen|rupees?|times?|percent|miles|kilometers|{'|'.join(SPELLED_NUMBERS)})"
    rf" an? (?={RATE_UNIT})",
    re.IGNORECASE,
)
_MULTIPLE = re.compile(r"\bEV/(?=[A-Z])")
_LINKED = re.compile(r"(?<=[a-z])-to-(?=[a-z])", re.IGNORECASE)
_YEARS = re.compile(r"\b(\d{1,2})Y\b")
_MORE = re.compile(r"(?<!\S)> ?(?=[$€£]?\d)|\b(?:more|greater) than (?=\S)", re.IGNORECASE)
_LESS = re.compile(r"(?<!\S)< ?(?=[$€£]?\d)|\b(?:less|fewer) than (?=\S)", re.IGNORECASE)
_VERSION = re.compile(r"(?<![\w-])v\.? ?(?=\d+(?:\.\d+)*(?![\w-]))", re.IGNORECASE)
_ABOUT = re.compile(r"(?<!\w)~ ?(?=[$€£]?\d)|\b(?:approximately|approx\.?|roughly|around) (?=\S)", re.IGNORECASE)
_FIRST = re.compile(
    r"(?<=\bWorld War )I\b|(?<=\bPart )I\b|(?<=\bType )I\b|(?<=\bPhase )I\b|(?<=\bChapter )I\b|(?<=\bTitle )I\b"
)
"""Names in which `I` is a number. After other words it is the pronoun, or ambiguous."""
_BARE_RATE = re.compile(rf"\s*\d[\d.,]* ?/ ?(?:{RATE_UNIT})\s*")
_PRICED = re.compile(rf" (?:dollars?|bucks|euros?|pounds?|yen|rupees?)(?= per (?:{RATE_UNIT})\b)", re.IGNORECASE)
_SIGN_OF_RATE = re.compile(rf"[$€£¥₹](?=\d[\d.,]* per (?:{RATE_UNIT})\b)")


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
    (_MORE, "more than "),
    (_LESS, "less than "),
    (_ABOUT, "about "),
    (_VERSION, "version "),
)


def without_signs(text: str) -> str:
    """`A1009` for #A1009, and `ATT` for AT&T."""
    return _AMPERSAND.sub(r"\1\2", _HASH.sub("", text))


def hours(text: str) -> str:
    """`9 am until 10 am` for 9-10 am and for `nine to ten am`, which may also be 9:51."""
    return _SPOKEN_HOURS.sub(r"\1 \3m until \2 \3m", _HOURS.sub(r"\1 \3m until \2 \3m", text))


def period(text: str, century: str = "20") -> str:
    """`fourth quarter 2023` for Q4 '23, `9 months 2024` for 9M24, `fiscal year 25` for FY25.

    century: put before a year of two digits, except after FY and CY.
    """

    def in_words(found: re.Match[str]) -> str:
        quarter, half, year = found[1] or found[2], found[4] or found[5], found[6]
        name = f"{COUNTS[quarter]} quarter" if quarter else f"{COUNTS[half]} half"
        return f"{name} {_year(year, century)}" if year else name

    text = _FIRST_MONTHS.sub(r"\1 months ", _OF_YEAR.sub(r"\1 ", text))
    text = _MONTHS.sub(lambda found: f"{found[1]} months {_year(found[2] or found[3] or found[4], century)}", text)
    return _with_years_named(_PERIOD.sub(in_words, text), "")


def _year(digits: str, century: str) -> str:
    return century + digits if len(digits) == 2 else digits


def _with_years_named(text: str, century: str) -> str:
    """`fiscal year 25` for FY25 and `fiscal 25`, `calendar year 25` for CY25."""
    text = _FISCAL.sub(
        lambda found: f"{_KINDS_OF_YEAR[(found[1] or found[3])[0].upper()]} year {_year(found[2] or '', century)}", text
    )
    return _SPOKEN_YEAR.sub(r"\1 year twenty ", text) if century else text


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
        kind, year = found[1] or found[5], _year(found[2] or found[6], century)
        letter, count = sorted(found[3] or found[4], reverse=True)
        return f"{COUNTS[count]} {'quarter' if letter == 'Q' else 'half'} {_KINDS_OF_YEAR[kind]} year {year}"

    text = _FISCAL_FIRST.sub(r"\3 \4 \1 year \2", _QUARTER_OF_YEAR.sub(written, text))
    return _OF_FISCAL.sub(r"\1 \2 year ", _with_years_named(text, century))


def growth(text: str) -> str:
    """`year over year` for YoY, Y/Y and `year on year`, `year to date` for YTD."""
    return _ON.sub(r"\1 over \1", periods_in_words(growth_in_words(text)))


def zones(text: str) -> str:
    """`9:30 eastern` for 9:30 ET and `9:30 eastern standard time`."""
    return _ZONE.sub(lambda found: ZONES[found[1].lower()], _ZONE_TIME.sub(r"\1", text))


def rates(text: str) -> str:
    """`5 per day` for `5 a day`."""
    return _COUNTED_BY.sub(r"\1 per ", text)


def bare_rates(entity: str, text: str) -> tuple[str, str]:
    """Both with `85 per barrel`, without the currency in the text, if the entity is `85/bbl`, which implies one."""
    if not _BARE_RATE.fullmatch(entity):
        return entity, text
    return rates_in_words(entity), _SIGN_OF_RATE.sub("", _PRICED.sub("", rates(rates_in_words(text))))


RULES: tuple[Callable[[str], str], ...] = (
    *(partial(pattern.sub, wording) for pattern, wording in _REPLACED), without_signs, hours, period,
    partial(period, century=""), apart, fiscal, partial(fiscal, century=""), growth, zones, rates,
    partial(re.compile(YEARS).sub, years_in_words),
)  # fmt: skip
