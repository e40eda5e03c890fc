"""The matcher's English vocabulary: numbers, currencies, months, abbreviations, letter names."""

from collections import Counter

from voicelab.text.english import vocabulary as english

ZEROS = english.ZEROS | {"nought", "naught"}
UNITS = english.ONES | {"niner": 9}
TEENS, TENS = english.TEENS, english.TENS
DECADES = {word.removesuffix("y") + "ies": str(value) for word, value in TENS.items()} | {
    "hundreds": "00", "thousands": "000", "tens": "10",
}  # fmt: skip
CENTURIES = {"hundreds": 2, "tens": 2, "thousands": 1}
"""Number of digits before these words: `nineteen hundreds`, `twenty tens`, `two thousands`."""
SCALES = {
    "hundred": 100, **english.SCALES, "lakh": 100_000, "lakhs": 100_000, "lac": 100_000, "crore": 10_000_000,
    "crores": 10_000_000, "dozen": 12,
}  # fmt: skip
SCALE_LETTERS = {short: SCALES[name] for short, name in english.SCALE_SUFFIXES.items() if short not in SCALES} | {
    "bil": 10**9,
    "tril": 10**12,
}
REPEATS = {"double": 2, "triple": 3, "treble": 3}
ORDINAL_UNITS, ORDINAL_TEENS, ORDINAL_TENS = (
    {ordinal: values[word] for ordinal, word in english.ORDINALS.items() if word in values}
    for values in (english.ONES, TEENS, TENS)
)
ORDINAL_SCALES = {f"{word}th": value for word, value in SCALES.items() if word != "dozen"}
ORDINALS = ORDINAL_UNITS | ORDINAL_TEENS | ORDINAL_TENS | ORDINAL_SCALES
SPELLED_NUMBERS = frozenset({*ZEROS, *UNITS, *TEENS, *TENS, *SCALES, *ORDINALS, *DECADES})

FILLERS = frozenset("uh um uhm erm er hmm hm mm mhm eh".split())
SEPARATOR_WORDS = frozenset("dash hyphen slash stroke".split())

_CURRENCIES = """
    dollar dollars buck bucks usd cad aud nzd hkd sgd | euro euros eur | pound pounds quid gbp sterling | yen jpy |
    rupee rupees inr | won krw | yuan renminbi rmb cny | franc francs chf | peso pesos mxn php |
    ruble rubles rouble roubles rub | lira liras | bitcoin bitcoins btc | shekel shekels ils |
    krone kroner krona kronor kr sek nok dkk | zloty zlotys zl pln | baht thb | naira ngn | hryvnia hryvnias uah |
    dong vnd | ringgit myr | rand zar
"""
CURRENCIES = {word: words[0] for words in map(str.split, _CURRENCIES.split("|")) for word in words} | {
    "reais": "real", "brl": "real",
}  # fmt: skip
CURRENCY_SIGNS = {sign: CURRENCIES[name] for sign, name in english.CURRENCY_SIGNS.items()} | {"¢": "cent"}
SIGNS_BEFORE = "".join(english.CURRENCY_SIGNS)
"""The signs before an amount, for a regular expression's character class."""
CURRENCY_CODES = frozenset(
    """usd cad aud nzd hkd sgd eur gbp jpy inr krw cny chf mxn php rub btc ils sek nok dkk kr pln thb ngn uah vnd brl
    rmb myr zar""".split()
)
"""Currencies that may precede the amount: `USD 5`."""

COUNTRIES = frozenset(
    """us canadian australian american swiss british mexican japanese indian chinese singapore hong kong new zealand
    taiwan brazilian norwegian swedish danish""".split()
)
"""Words that may stand before a currency."""

CENTS = frozenset("cent cents penny pennies pence".split())
COUNTED = frozenset(
    """percent pct oclock am pm second seconds minute minutes hour hours day days week weeks month months year years
    degree degrees mile miles kilometer kilometers km meter meters foot feet inch inches footinch footinches pound
    pounds kilo kilos kg lb lbs people persons person shares share times gigabyte gigabytes gb mb megabytes points
    point""".split()
)
"""Things that a number may count; it is then not money."""

NOT_MONEY = frozenset("percentage bps bp basis pp ppt".split())
"""Units of shares, in addition to those in COUNTED."""

MONTH_NAMES = {spelling: english.MONTH_NAMES.index(month) + 1 for spelling, month in english.MONTHS.items()}
"""The number of each month, by its name or abbreviation."""
WEEKDAYS = {
    word: number
    for number, word in enumerate("monday tuesday wednesday thursday friday saturday sunday".split(), start=1)
}
WEEKDAY_NAMES = WEEKDAYS | {
    "mon": 1, "tue": 2, "tues": 2, "wed": 3, "weds": 3, "thu": 4, "thur": 4, "thurs": 4, "fri": 5, "sat": 6, "sun": 7,
}  # fmt: skip

ZONES = {
    "est": "eastern", "edt": "eastern", "et": "eastern", "pst": "pacific", "pdt": "pacific", "pt": "pacific",
    "cst": "central", "cdt": "central", "ct": "central", "mst": "mountain", "mdt": "mountain",
}  # fmt: skip
"""Time zones, which are equivalent only next to a time: `ET` alone is not `eastern`."""

TITLES = frozenset(
    """mister mr missus mrs ms miss miz doctor dr professor prof sir madam captain capt governor gov senator sen
    president judge reverend rev father sister officer sergeant sgt lieutenant lt""".split()
)
CORPORATE = frozenset(
    "inc incorporated corp corporation co company ltd limited llc plc lp llp gmbh ag sa nv group holdings".split()
)

_SAME = """
    mr mister | mrs missus | ms miz | dr doctor | dr drive | prof professor | capt captain | gov governor | sen
    senator | sgt sergeant | lt lieutenant | rev reverend | hon honorable | pres president | jr junior | sr
    senior | st saint | st street | ave avenue | blvd boulevard | rd road | ln lane | ct court | apt apartment | hwy
    highway | pkwy parkway | ste suite | mt mount | ft fort | ft feet foot | inc incorporated | corp corporation | co
    company | ltd limited | dept department | intl international | natl national | assn association | univ
    university | vs versus | ok okay | pct percent | km kilometers kilometer kilometres kilometre | kg kilograms
    kilogram kilos kilo | cm centimeters centimeter | lb lbs pounds pound | oz ounces ounce | mi miles mile | gb
    gigabytes gigabyte gigs gig | mb megabytes megabyte megs meg | tb terabytes terabyte | min mins minutes
    minute | hr hrs hours hour | sec secs seconds second | mon monday | tue tues tuesday | wed weds wednesday |
    thu thur thurs thursday | fri friday | jan january | feb february | apr april | aug august | sep sept
    september | oct october | nov november | dec december | tv television | photo photograph | ext extension |
    mg milligrams milligram | ml milliliters milliliter millilitres | f fahrenheit | c celsius |
    qtr quarter | pts points | and n | inches inch | days day | weeks week | months month | years year |
    nw northwest | ne northeast | sw southwest | se southeast |
    degrees degree
"""


def _abbreviations() -> dict[str, frozenset[str]]:
    groups = [group.split() for group in _SAME.split("|")]
    uses = Counter(word for words in groups for word in words)
    table: dict[str, set[str]] = {}
    for words in groups:
        # `dr` stands for either of two words. Without it, these two have no form in common.
        clear = {word for word in words if uses[word] == 1}
        for word in words:
            table.setdefault(word, set()).update(clear)
    return {word: frozenset(others) for word, others in table.items()}


ABBREVIATIONS = _abbreviations()
"""A word -> equivalent spellings."""

LETTER_NAMES = {"zee": "z", "zed": "z", "aitch": "h", "haitch": "h"}
ALPHABET = {
    name: name[0]
    for name in """alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november
    oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu""".split()
}
