"""Names of filings: `10-K`, `ten k` and 10K, which is ten thousand elsewhere; `10-Q`, `10Q` and `ten q`."""

import re

_NUMBERS = {"6": "six", "8": "eight", "10": "ten", "11": "eleven"}
_VALUES = {name: digits for digits, name in _NUMBERS.items()}
_NUMBER = "|".join((*_NUMBERS, *_VALUES))
_ENDS = r"(?=\s*(?:$|[.,;:!?)]))"
_NAMING = r"filings?|reports?|forms?|is|was|that|which|filed|disclosures?|amendments?|today|yesterday|with|on"
_GOING_ON = rf"{_NAMING}|for|and|or|in|to|we|as|has|have|had|will|from|by|at|of|are|were|you|they|but"
_BEFORE = r"form|the|our|their|its|your|latest|annual|recent|last|this|filed|file|filing|each|every|\w+'s"
_FORM = re.compile(
    rf"""
    (?<![\w.-]) (?: (?P<hyphened>{_NUMBER}) -k | (?P<quarterly>10|ten) [ -]? q ) \b (?!-\w)
    | (?: (?P<before> \b(?:{_BEFORE}) \s ) (?P<after>{_NUMBER}) \s? k \b (?: {_ENDS} | (?=\s(?:{_GOING_ON})\b) ) )
    | (?<![\w.-]) (?P<named>{_NUMBER}) \s? k \b (?=\s(?:filings?|reports?|forms?|disclosures?)\b)
    | (?P<article> \ban?\s ) (?P<one>{_NUMBER}) \s? k \b (?: {_ENDS} | (?=\s(?:{_NAMING})\b) )
    | ^ \s* (?P<alone>{_NUMBER}) \s k {_ENDS}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MAY_BE_FORM = re.compile(r"[\d\s-][KkQq]\b")
_MARKED = re.compile(rf":(?P<number>{'|'.join(_VALUES)})(?P<letter>[kq])\b")


def with_forms_marked(text: str) -> str:
    """`:tenk` for a form 10-K, which no later rule changes."""
    return _FORM.sub(_marked, text) if _MAY_BE_FORM.search(text) else text


def _marked(found: re.Match[str]) -> str:
    number = next(filter(None, found.group("hyphened", "quarterly", "after", "named", "one", "alone"))).lower()
    before = found["before"] or found["article"] or ""
    return f"{before}:{_NUMBERS.get(number, number)}{'q' if found['quarterly'] else 'k'}"


def with_forms(words: list[str]) -> list[str]:
    """`10-k` for each marked form."""
    return [_written(word) if word[0] == ":" else word for word in words]


def _written(word: str) -> str:
    return _MARKED.sub(lambda found: f"{_VALUES[found['number']]}-{found['letter']}", word)
