"""Shorthand that the normalizer and the entity matcher read alike: growth (YoY), ratings (AA-), rates (/bbl), YTD."""

import re

PERIODS = {
    "ytd": "year to date", "qtd": "quarter to date", "mtd": "month to date", "ttm": "trailing twelve months",
    "ltm": "last twelve months", "ntm": "next twelve months",
}  # fmt: skip
"""Abbreviated periods -> the words that are read for them."""

_RATE_ABBREVIATIONS = {
    "barrel": "bbl", "ounce": "oz", "gallon": "gal", "pound": "lb", "kilogram": "kg", "month": "mo mth", "year": "yr",
    "hour": "hr", "minute": "min", "second": "sec", "week": "wk", "quarter": "qtr", "share": "sh", "bushel": "bu",
    "megawatt hour": "MWh mwh", "kilowatt hour": "kWh kwh", "liter": "litre", "square foot": "sqft sf",
}  # fmt: skip
RATE_UNITS = {short: unit for unit, shorts in _RATE_ABBREVIATIONS.items() for short in (unit, *shorts.split())} | {
    unit: unit
    for unit in """day night ton tonne mile kilometer acre unit person head user seat room ticket customer employee
    store line subscriber transaction item piece box case dozen MMBtu mmbtu Mcf mcf boe therm call page visit class
    session game order vehicle car household device account license""".split()
}
"""What an amount may be counted by, after a slash (`$85/bbl`), `per`, `a` or `an` -> its name."""
RATE_UNIT = "|".join(sorted(RATE_UNITS, key=len, reverse=True))
_RATE = re.compile(
    r"(?:(?<=\d)|(?<=cent)|(?<=cents)|(?<=euros)|(?<=times)|(?<=pounds)|(?<=dollar)|(?<=dollars)|(?<=illion))"
    rf"( ?(?:[kKmMbB]n?|%|x|¢))?((?: ?/ ?(?:{RATE_UNIT})s?\b)+)(?![/\d])"
)

PENCE = r"\b(?!(?:144|240|360|480|540|720)p)(\d{1,3})p\b(?!\.)"
"""Pence, and not the lines of a video."""
YEARS = r"(?<![\w.,/-])(20|19)(\d\d)[-–](\d\d)(?![\w/-])"
_GROWTH = re.compile(r"\b(?:([YyQq])(?:-?o-?|/)\1|(M)(?:o|/)M)\b")
_PERIODS = {"y": "year", "q": "quarter", "m": "month"}
_PERIOD = re.compile(rf"\b(?:{'|'.join(PERIODS)})\b", re.IGNORECASE)
_RATING_MINUS = re.compile(r"(?<![\w-])([ABC]{1,3})[-\u2212](?![\w-])")


def years_in_words(found: re.Match[str]) -> str:
    """Replace a match of YEARS: `2023 to 2024` for 2023-24; 2024-31 is left alone."""
    century, first, second = found.groups()
    return f"{century}{first} to {century}{second}" if int(second) == int(first) + 1 else found[0]


def growth_in_words(text: str) -> str:
    """Replace YoY, Y-o-Y and Y/Y by `year over year`, and the same for quarters and months."""
    if "o" not in text and "/" not in text:
        return text
    return _GROWTH.sub(_growth, text)


def ratings_in_words(text: str) -> str:
    """Replace the sign of a credit rating: `AA minus` for AA-."""
    return _RATING_MINUS.sub(r"\1 minus", text)


def periods_in_words(text: str) -> str:
    """Replace YTD, TTM and the like by `year to date`, `trailing twelve months`."""
    return _PERIOD.sub(lambda found: PERIODS[found[0].lower()], text)


def rates_in_words(text: str) -> str:
    """Replace `$85/bbl` by `$85 per barrel`, and `$20/user/mo` by `$20 per user per month`."""
    return _RATE.sub(_per_units, text) if "/" in text else text


def _per_units(found: re.Match[str]) -> str:
    units = (unit.strip() for unit in found[2].split("/")[1:])
    names = (RATE_UNITS.get(unit) or RATE_UNITS[unit.removesuffix("s")] for unit in units)
    return (found[1] or "") + "".join(f" per {name}" for name in names)


def _growth(found: re.Match[str]) -> str:
    unit = _PERIODS[(found[1] or found[2]).lower()]
    return f"{unit} over {unit}"
