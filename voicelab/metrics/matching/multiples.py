"""Multiples in words: `twice`, `double the price` and `triple` beside 2x and 3x."""

import re
from collections.abc import Iterator

_TIMES = {"twice": 2, "thrice": 3, "double": 2, "triple": 3, "treble": 3, "quadruple": 4, "quintuple": 5}
_MULTIPLE = re.compile(
    rf"\s*(?:\d[\d.,]* ?[x×]|(?:\S+ ){{1,5}}times|{'|'.join(_TIMES)})(?: (?:the|that|what|as|our|its|their|a) .+)?\s*",
    re.IGNORECASE,
)
_ADVERB = re.compile(r"\b(twice|thrice)\b", re.IGNORECASE)
_AFTER = "the|that|what|our|its|their|your|my|his|her|this|those|these|last|in|from|by|since|to|and|or|over|today|year"
_SAID = re.compile(
    rf"(?<!\ba )(?<!\ban )\b(double|triple|treble|quadruple|quintuple)(?= (?:{_AFTER})\b|\s*$|[.,;:!?])", re.IGNORECASE
)
"""Not `double check`, `a double` or the digits of `double five`."""


def multiples(entity: str, text: str) -> Iterator[tuple[str, str]]:
    """`2 times` for `twice` and `double` in both, if the entity is a multiple: 2 itself is not found in `twice`."""
    if _MULTIPLE.fullmatch(entity):
        yield _in_times(entity), _in_times(text)


def _in_times(text: str) -> str:
    return _SAID.sub(_as_times, _ADVERB.sub(_as_times, text))


def _as_times(found: re.Match[str]) -> str:
    return f"{_TIMES[found[1].lower()]} times"
