"""Expand units of measurement and other short forms: `60 km/h`, `6'2"`, `an hour and a half`.

Both the entity and the text are rewritten, so that equivalent wordings become equal.
"""

import re

from voicelab.metrics.matching.vocabulary import TEENS, UNITS
from voicelab.text.english.shorthand import rates_in_words

AFTER_NUMBER = {
    "m": "meters meter metres metre", "mm": "millimeters millimeter millimetres millimetre", "w": "watts watt",
    "v": "volts volt", "ms": "milliseconds millisecond", "ghz": "gigahertz", "mhz": "megahertz", "khz": "kilohertz",
    "hz": "hertz", "kw": "kilowatts kilowatt", "mw": "megawatts megawatt", "l": "liters liter litres litre",
    "yr": "years year", "yrs": "years year", "gal": "gallons gallon", "tbsp": "tablespoons tablespoon",
    "tsp": "teaspoons teaspoon", "hp": "horsepower", "kb": "kilobytes kilobyte", "sq": "square", "db": "decibels",
    "h": "hours hour", "gw": "gigawatts gigawatt", "mcg": "micrograms microgram",
    "meter": "meters", "watt": "watts", "volt": "volts", "liter": "liters",
}  # fmt: skip
"""Meanings of short forms right after a number; elsewhere, the letter `m` is not a meter."""

_INCHES = "|".join(word for word, value in (UNITS | TEENS).items() if value < 12)
_COUNTS = "|".join(("an?", r"\d+", *UNITS, *TEENS))
_WHOLES = "hour|minute|second|day|week|month|year|mile|dollar|euro|pound|point|inch|foot|cup|teaspoon"
_HEIGHT = re.compile(r"""(?<![\w'."])(\d{1,2})'\s?(\d{1,2})(?:"|''|(?![\w'.]))""")

_REWRITTEN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), said)
    for pattern, said in (
        (r"(?<=\d)\s?(?:km/h|kmh|kph|kmph)\b", " kilometers per hour"),
        (r"(?<=\d)\s?(?:mph|mi/h)\b", " miles per hour"),
        (r"(?<=\d)\s?m/s\b", " meters per second"),
        (r"(?<=\d)\s?fps\b", " frames per second"),
        (r"(?<=\d)\s?mpg\b", " miles per gallon"),
        (r"(?<=\d)\s?gbps\b", " gigabits per second"),
        (r"(?<=\d)\s?mbps\b", " megabits per second"),
        (r"(?<=\d)\s?kbps\b", " kilobits per second"),
        (r"(?<=\d)\s?(?:sq\.? ?mi|mi\^2)(?!\w)", " square miles"),
        (r"\bsquare miles?\b", "square miles"),
        (r"(?<=\d)\s?h\s?(\d{1,2})\s?m(?:ins?)?\b(?! [b-hj-z]\b)", r" hours \1 minutes"),
        (r"\ban (?=hours? and [\w-]+(?: \w+)? min(?:ute)?s?\b)", "1 "),
        (r"\b(h(?:ou)?rs?) and (?=[\w-]+(?: \w+)? min(?:ute)?s?\b)", r"\1 "),
        (r"\bcentigrade\b", "celsius"),
        (r"\b(degrees? below zero) (?=fahrenheit|celsius)", r"\1 "),
        (r"°\s?(?=[cf]\b)|\bdegrees? (?=(?:celsius|fahrenheit|[cf])\b)", " "),
        (r"\b1/2 (?=(?:million|billion|trillion)\b)", "half a "),
        (r"\b(?:oh|o|nought|naught) point (?=\w)", "zero point "),
        (r"(?<=\d0)'s\b", "s"),
        (r"(?<=\w) (?:'n'?|n') (?=\w)", " and "),
        (r"\b1-(8\d\d)-(?=[a-z])", r"1\1 "),
        (r"(?<=\d)\s?kwh\b", " kilowatt hours"),
        (r"(?<=\d)\s?mwh\b", " megawatt hours"),
        (r"(?<=\d)\s?gwh\b", " gigawatt hours"),
        (r"(?<=\d)\s?twh\b", " terawatt hours"),
        (r"(?<=\d)\s?mg/dl\b", " milligrams per deciliter"),
        (r"(?<=\d)\s?mg/ml\b", " milligrams per milliliter"),
        (r"(?<=[\dnm])\s?(?:bpd|b/d|bbls?/d)\b", " barrels per day"),
        (r"\b(mcf|mmcf|bcf|tcf|boe)/d\b", r"\1 per day"),
        (r"(?<=\d)\s?(?:sq\.? ?km|km\^2)(?!\w)", " square kilometers"),
        (r"(?<=\d)\s?(?:sq\.? ?ft|ft\^2)(?!\w)", " square feet"),
        (r"(?<=\d)\s?(?:sq\.? ?m|m\^2)(?!\w)", " square meters"),
        (r"\b(kilomet(?:er|re)s?|miles?|k m) an hour\b", r"\1 per hour"),
        (r"\bsquare (?:foot|feet)\b", "square feet"),
        (r"\bsquare met(?:er|re)s?\b", "square meters"),
        (r"(?<=\w )m p h\b(?! [b-hj-z]\b)", "miles per hour"),
        (r"(?<=\d)\s(?=(?:bn|bln|mln|trn)\b)", ""),
        (r"\bno\.\s?(?=\d)", "number "),
        (r"\b(?:US|CA|C|AU|A|NZ|HK|SG|S|NT)\$(?=\d)", "$"),
        (r"\bR\$\s?(?=\d)", "BRL "),
        (r"\bMX\$\s?(?=\d)", "MXN "),
        (r"(?<![\w-])(?-i:RM)\s?(?=\d[\d.,]*(?![\w-]))", "MYR "),
        (r"(?<![\w-])(?-i:Rs)\.?\s?(?=\d)", "INR "),
        (r"(?<![\w.,$-])(\d{1,2})p\b(?!-)", r"\1 pence"),
        (r"(?<=\d/\d)\s(?:of an? |of one )(?=percent|point|million|billion|trillion)", " "),
        (r"\bdouble[ -]u\b", "w"),
        (r"(?<=\d{3}[-. ]\d{4})\s?(?:x|ext\.?)\s?(?=\d)", " extension "),
        (r"\bplus or minus\b|\bplus minus\b|±", " plusminus "),
        (r"(?<!and )(?<!and a )(?<!one )(?<!\d )\b(?:an? )?half(?: an|-)? ?hour\b", "30 minutes"),
        (r"(?<!and )(?<!one )(?<!\d )\b(?:a )?quarter(?: of an|-)? ?hour\b", "15 minutes"),
        (r"\bhalf a dollar\b", "fifty cents"),
        (r"\b(?:a|one|1) percent and a (half|quarter)\b", r"one and a \1 percent"),
        (rf"\b({_COUNTS}) ({_WHOLES})s? and an? (half|quarter)\b", r"\1 and a \3 \2"),
        (r"\ban? and a (half|quarter) (?=\w)", r"one and a \1 "),
        (rf"\b(\w+) (?:foot|feet|ft\.?),? (\d{{1,2}}|{_INCHES}) (?:inch(?:es)?|in\b\.?)", r"\1 footinch \2 footinches"),
        (rf"\b(\w+) (?:foot|feet|ft\.?) (\d{{1,2}}|{_INCHES})(?=\s*(?:$|[.,;!?]))", r"\1 footinch \2 footinches"),
        (r"(?<![\d.,])(\d{1,3})\.(\d{3}),(\d{1,2})(?![\d,])", r"\1\2.\3"),
    )
)
_SOMETHING = re.compile(
    r"\d|\b(?:an|no|m|foot|feet|half|quarter|minus|square|point|degrees?|centigrade|hours?|double)\b|±| 'n|n' ",
    re.IGNORECASE,
)


def written_out(text: str) -> str:
    """The text with units in words, heights in one piece, and `an hour and a half` as `one and a half hour`.

    A height uses separate words, so that `5 feet` is not found in `five feet two inches`.
    """
    if _SOMETHING.search(text) is None:
        return text
    text = _HEIGHT.sub(r"\1 footinch \2 footinches", rates_in_words(text))
    for pattern, said in _REWRITTEN:
        text = pattern.sub(said, text)
    return text


def height(entity: str) -> str | None:
    """The digits of a height such as `6'2"`, also spoken as `six two`; None for anything else."""
    found = _HEIGHT.fullmatch(entity.strip())
    return f"{found[1]}{found[2]}" if found else None


def heights(text: str) -> set[str]:
    """The digits of every height such as `6'2"` in a text."""
    return {f"{found[1]}{found[2]}" for found in _HEIGHT.finditer(text)}
