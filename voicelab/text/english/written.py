"""Rewrites digits and symbols as words and plain numbers: $1.5M -> 1.5 million dollars."""

import re
import unicodedata
from collections.abc import Callable

from voicelab.text.english.shorthand import PENCE, YEARS, years_in_words
from voicelab.text.english.vocabulary import (
    CURRENCY_CODES,
    CURRENCY_SIGNS,
    INITIALS_LIKE_WORDS,
    MONTH_NAMES,
    SCALE_SUFFIXES,
)

BREAK = "|"
"""Marks punctuation between words, so that the numbers on both sides are not joined."""

_Rewrite = Callable[[re.Match[str]], str]
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_MINUS = "[-\u2212\u2013]"
_SIGNS = f"[{''.join(CURRENCY_SIGNS)}]"
_SCALES = "|".join(sorted(SCALE_SUFFIXES, key=len, reverse=True))
_CODES = "|".join([*(code.upper() for code in CURRENCY_CODES), "Rs"])
_COUNTRIES = {
    "us": "us ", "ca": "canadian ", "c": "canadian ", "a": "australian ", "au": "australian ", "hk": "hong kong ",
    "nz": "new zealand ", "s": "singapore ", "": "",
}  # fmt: skip


def _initials(found: re.Match[str]) -> str:
    letters = found[0].replace(".", "").replace(" ", "")
    return INITIALS_LIKE_WORDS.get(letters.lower(), letters)


def _scale(suffix: str | None) -> str:
    return f" {SCALE_SUFFIXES[suffix.lower()]}" if suffix else ""


def _money(found: re.Match[str]) -> str:
    sign = " minus " if found["minus"] or found["inner"] else (" plus " if found["plus"] else "")
    currency = _COUNTRIES[(found["country"] or "").lower()] + CURRENCY_SIGNS[found["sign"]]
    amount = found["number"] + _scale(found["scale"])
    upper = f" to {found['upper']}{_scale(found['upper_scale'])}" if found["upper"] else ""
    return f" {sign}{amount}{upper} {currency} "


def _named_currency(found: re.Match[str]) -> str:
    """`USD 5` and `Rs. 500`."""
    return f" {found[2]}{_scale(found[3])} {CURRENCY_CODES[found[1].lower()]} "


_SQUARES = {"ft": "feet", "m": "meters", "km": "kilometers", "mi": "miles"}
_PLACES = re.compile(
    r"\b(?:apt|apartment|room|suite|unit|seat|gate|row|flat|bay|section|box|terminal|platform|exhibit|form)\.?\s*#?$",
    re.IGNORECASE,
)
"""What a number with a letter identifies: `apt. 4B` is not four billion."""


_STREET_AFTER = re.compile(
    r" [a-z]+ (?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|court|ct|place|pl|way)\b", re.IGNORECASE
)
"""A street after a house number such as 221B."""


def _attached_scale(found: re.Match[str]) -> str:
    place = _PLACES.search(found.string, max(0, found.start() - 12), found.start())
    if place or _STREET_AFTER.match(found.string, found.end()):
        return f"{found[1]} {found[2]}"
    return f"{found[1]}{_scale(found[2])}"


def _pair(found: re.Match[str]) -> str:
    """5050 for 50/50, as for `fifty fifty`; only shares of a hundred, 20/20 and 9/11."""
    shares = int(found[1]) + int(found[2]) == 100
    return f" {found[1]}{found[2]} " if shares or found[0] in ("20/20", "9/11") else found[0]


def _mail(found: re.Match[str]) -> str:
    """A mail address in spoken form; every dot counts."""
    return f" {found[0].replace('@', ' at ').replace('.', ' dot ').replace('_', ' underscore ')} "


def _date(year: str, month: str, day: str) -> str | None:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f" {MONTH_NAMES[int(month) - 1]} {int(day)} {year} "


def _numeric_date(found: re.Match[str]) -> str:
    """12/25/2024, 25/12/2024 and 12/25/24, from 1970 to 2069; an ambiguous date such as 3/4/2024 stays unchanged."""
    first, second, year = found.groups()
    if int(first) <= 12 and int(second) <= 12 and first != second:
        return found[0]
    if len(year) == 2:
        year = f"{20 if int(year) < 70 else 19}{year}"
    return _date(year, first, second) or _date(year, second, first) or found[0]


def _months(found: re.Match[str]) -> str:
    """`9 months 2024` for 9M24."""
    return f" {found[1]} months 20{found[2] or found[3] or found[4]} "


def _clock(found: re.Match[str]) -> str:
    half = found["half"]
    return f" {int(found['hour'])}:{found['minute']}{' ' + half[0].lower() + 'm' if half else ''} "


def _digits(found: re.Match[str]) -> str:
    plus = " plus " if found[0].lstrip().startswith("+") else " "
    return plus + re.sub(r"\D", "", found[0]) + " "


_SCALED_RANGE = (
    rf"(?<![\w.,$€£-])({_SIGNS}?)({_NUMBER})(?:\s?({_SCALES}))?\s?[-–]\s?(?:\1)?({_NUMBER})\s?({_SCALES})(?![\w-])"
)


def _range(found: re.Match[str]) -> str:
    """`5k to 10k` for 5k-10k and for 5-10k."""
    sign, low, scale, high, last = found.groups()
    return f"{sign}{low}{scale or last} to {sign}{high}{last}"


_UPPER = rf"(?:\s?[-–]\s?{_SIGNS}?(?P<upper>{_NUMBER})(?:\s?(?P<upper_scale>{_SCALES})\b)?)?"
_RULES: list[tuple[re.Pattern[str], str | _Rewrite]] = [
    (re.compile(pattern, re.IGNORECASE), rewrite)
    for pattern, rewrite in (
        (r"\b(mcf|mmcf|bcf|tcf|boe|bbl)/d\b", r"\1 per day"),
        (r"(?<=[\dn])\s?bpd\b", " barrels per day"),
        (r"(?<=\d)-yr\b", " year"),
        (r"(?<=\d%)\s?[-–]\s?(?=\d[\d.]*\s?%)", " to "),
        (r"(?<=\d[qh])'(?=\d\d\b)|(?<=\b[qh]\d)'(?=\d\d\b)|(?<=\bfy)'(?=\d\d\b)", " "),
        (r"\b(?-i:CY)\s?'?(20)?(?=\d\d\b)", "calendar year 20"),
        (r"\b([369])(?-i:M)(?: ?'?20(\d\d)| ?'(\d\d)|(\d\d))\b(?!-)", _months),
        (YEARS, years_in_words),
        (r"~\s?(?=[$€£]?\d)", " about "),
        (r"\bEV/(?=[a-z])", "EV to "),
        (_SCALED_RANGE, _range),
        (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+(?<!\.)", _mail),
        (r"(?<=\w)@(?=\w)", " at "),
        (r"(?<![\w.])(\d{1,2})'\s?(\d{1,2})(?:\"|''|(?![\w'.]))", r" \1 feet \2 inches "),
        (rf"\b(?-i:({_CODES}))\.?\s?({_NUMBER})(?:\s?({_SCALES}))?\b(?!\s?{_SIGNS})", _named_currency),
        (rf"\bR\$\s?({_NUMBER})(?:[\s-]?({_SCALES})\b)?", lambda found: f" {found[1]}{_scale(found[2])} reais "),
        (r"\bwww\.(?=\w)", "www dot "),
        (r"(?<![\w.])\.(?=net\b)", "dot "),
        (r"(?<![\w.,])\d{1,3}(?: \d{3})* 000(?!\d| \d|[.,]\d)", lambda found: found[0].replace(" ", "")),
        (r"(?<=[a-z0-9]{2}\.com)/(?=\w)|(?<=[a-z0-9]{2}\.(?:org|net|edu|gov))/(?=\w)", " slash "),
        (r"(?<=[a-z0-9]{2})\.(?=(?-i:[a-z]{2}))|(?<=(?-i:[A-Z0-9]{2}))\.(?=(?-i:[A-Z]{2}))", " dot "),
        (r"(?<![\w.])[a-z](?:\.[a-z])+(?:\.|(?![\w.]))", _initials),
        (r"(?<![\d-])(?:\+?\d{1,2}[\s.-]?)?(?:\(\d{3}\)\s?|\d{3}[\s.-])\d{3}[\s.-]\d{4}(?![\d-])", _digits),
        (r"\+\d{1,3}(?:[\s.-]?\(?\d{1,5}\)?){2,6}(?!\d)", _digits),
        (r"(?<![\d-])\d{3}-\d{4}(?![\d-])", _digits),
        (r"\b([12]\d{3})-(\d{2})-(\d{2})\b", lambda found: _date(*found.groups()) or found[0]),
        (r"\b(\d{1,2})[/.](\d{1,2})[/.]([12]\d{3})\b", _numeric_date),
        (r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d\d)(?![\d/])", _numeric_date),
        (r"(?<![\d:.])(?P<hour>[01]?\d|2[0-4])(?::|\.(?=\d\d\s?[ap]\.?m))(?P<minute>[0-5]\d)(?::00)?"
         r"(?:\s?(?P<half>[ap]\.?m\b\.?))?(?![\d:])", _clock),
        (r"(?<![\d/])24/7(?![\d/])", " 24 7 "),
        (r"(?<![\d.-])(50(?=-50)|60(?=-40)|70(?=-30)|80(?=-20)|90(?=-10))-(\d0)(?![\d.-])", _pair),
        (r"(?<![\d/])(50|60|70|80|90|20|9)/(50|40|30|20|10|11)(?![\d/])", _pair),
        (r"(?<![\d:.])(\d{1,3}):(\d)(?![\d:])", r"\1 to \2"),
        (r"(?<=\d)x\s?[-–]\s?(?=[\d.]+x\b)", " to "),
        (r"(?<=\d)x(?=\d)", " by "),
        (r"\b(\d{1,2})\s?ft\.?\s?(\d{1,2})\s?in\b\.?", r"\1 feet \2 inches"),
        (r"(?<=\d)\s?sq\.?\s?(ft|m|km|mi)\b", lambda found: f" square {_SQUARES[found[1].lower()]} "),
        (r"\bext\.?\s?(?=\d)", " extension "),
        (r"\bapt\.?\s?(?=#?\d)", " apartment "),
        (rf"(?:(?<![\w)])(?P<minus>{_MINUS})|(?P<plus>\+))?\s?(?:\b(?P<country>us|ca|c|au|a|hk|nz|s))?(?P<sign>{_SIGNS})\s?"
         rf"(?P<inner>{_MINUS})?(?P<number>{_NUMBER})(?:[\s-]?(?P<scale>{_SCALES})\b)?{_UPPER}", _money),
        (rf"({_NUMBER})\s?(?:({_SCALES})\s?)?({_SIGNS})",
         lambda found: f" {found[1]}{_scale(found[2])} {CURRENCY_SIGNS[found[3]]} "),
        (r"\b(dollars|euros|pounds|rupees)\s+\1\b", r"\1 "),
        (rf"({_NUMBER})\s?¢", r" \1 cents "),
        (PENCE, r"\1 pence"),
        (r"\b(\d{1,2})y\b", r"\1 year"),
        (rf"({_NUMBER})\s?%", r"\1 percent "),
        (r"%", " percent "),
        (r"(\d)\s?°\s?c\b", r"\1 degrees celsius "),
        (r"(\d)\s?°\s?f\b", r"\1 degrees fahrenheit "),
        (r"°", " degrees "),
        (r"\bkm/h\b", "kmh"),
        (r"\bw/o\b", "without"),
        (r"\bw/\s?(?=\w)", "with "),
        (r"(?<!\w)#\s?(?=\d)|\bnos?\.\s?(?=\d)", " number "),
        (r"(?<!\w)#(?=[a-z])", " hashtag "),
        (r"(?<=\w)#(?!\w)", " sharp "),
        (rf"(?<![\w.)]){_MINUS}\s?(?=\.?\d)|\u2212", " minus "),
        (r"(?<![\w+])\+\s?(?=\.?\d)|(?<=[\d\s])\+(?=[\s\d]|$)", " plus "),
        (r"(?<=[a-z])\+\+", " plus plus "),
        (r"\b(?<=[a-z])\+(?=\d)", " plus "),
        (r"(?<=[a-z])\+(?=\s|$)", " plus "),
        (r"<=", " less than or equal to "),
        (r">=", " greater than or equal to "),
        (r"<", " less than "),
        (r">", " greater than "),
        (r"=", " equals "),
        (r"(?<=\d)\s?[*]\s?(?=\d)", " times "),
        (r"&", " and "),
        (r"(?<!\w)@", " at "),
        (rf"(?<![\w.-])({_NUMBER})\s?[-–]\s?({_NUMBER})(?![\d-])(?!-\w)", r"\1 to \2"),
        (r"(?<![\d/])(\d{1,2})/(\d{1,2})(?![\d/])", r" \1:over:\2 "),
    )
]  # fmt: skip
_ATTACHED_SCALE = re.compile(rf"\b({_NUMBER})(k|K|M|MM|mn|mln|bn|bln|B|BN|tn|trn|T)\b")
_RETIREMENT_PLANS = re.compile(r"\b(?:(401)\s?\(?k\b|(403)\s?\(?b\b)\)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_SYMBOLIC = re.compile(r"[\d.@%&#+=<>*¢°/\u2212\u2013]|" + _SIGNS)
_SPLIT = re.compile(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])(?!(?:st|nd|rd|th|s)\b)")
_BREAKS = re.compile(r"\.(?!\d)|(?<=[a-z])\.|(?<=\w)[,;!?](?=\s|$)|:(?=\s|$)|[—;!?|\"()]")
_CONTRACTED_YEAR = re.compile(r"(?<![\w])'(?=\d0s\b)|(?<=\d)'(?=s\b)")
_OTHER = re.compile(r"[^\w\s'|.:-]|_")


def spelled_out(text: str) -> str:
    """Convert to lower case, symbols to words, numbers to plain digits, and breaks to BREAK.

    The only symbols left are apostrophes, hyphens, and the colon of a clock time or a fraction (`1:over:2`).
    """
    if _SYMBOLIC.search(text):
        text = _RETIREMENT_PLANS.sub(lambda found: f" {found[1] or found[2]} {'k' if found[1] else 'b'} ", text)
        for pattern, rewrite in _RULES:
            text = pattern.sub(rewrite, text)
        text = _ATTACHED_SCALE.sub(_attached_scale, text)
        text = _THOUSANDS.sub("", text)
    lowered = _SPLIT.sub(" ", _CONTRACTED_YEAR.sub("", text.lower()))
    for initials in INITIALS_LIKE_WORDS.values():
        lowered = lowered.replace(initials, initials.replace(".", "\0"))
    lowered = _BREAKS.sub(f" {BREAK} ", lowered)
    return _OTHER.sub(_mark_or_space, lowered.replace("\0", "."))


def _mark_or_space(found: re.Match[str]) -> str:
    """Keep vowel signs of other scripts, which are part of a word although `re` does not treat them so."""
    return found[0] if unicodedata.category(found[0])[0] == "M" else " "
