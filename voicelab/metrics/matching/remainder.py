"""The words of an entity outside its amount, date or time: `tomorrow at five`, `$50 gift card`."""

from __future__ import annotations

from collections.abc import Sequence

from voicelab.metrics.matching.numerals import numbers
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.vocabulary import (
    CENTS,
    COUNTRIES,
    CURRENCIES,
    MONTH_NAMES,
    SCALE_LETTERS,
    SPELLED_NUMBERS,
    WEEKDAY_NAMES,
)

_UNDERSTOOD = frozenset(
    """percent pct per cent percentage points point basis bps bp bips bpts pp ppt grand
    the of in at on a an and by
    for to through until between about around from past till til before after half quarter minutes minute oclock
    hours am pm m p noon midday
    midnight morning afternoon evening night tonight this year th st nd rd s k
    minus negative plus positive""".split()
) | {*CURRENCIES, *COUNTRIES, *CENTS, *MONTH_NAMES, *WEEKDAY_NAMES, *SPELLED_NUMBERS, *SCALE_LETTERS} - {"new"}

_ZONES = {
    "est": "eastern", "edt": "eastern", "et": "eastern", "pst": "pacific", "pdt": "pacific", "pt": "pacific",
    "cst": "central", "cdt": "central", "ct": "central", "mst": "mountain", "mdt": "mountain",
}  # fmt: skip
"""Time zones, which are equivalent only next to a time: `ET` alone is not `eastern`."""


def rest_is_said(wanted: Sequence[Token], said: Sequence[Token]) -> bool:
    """Whether the text contains the entity's words outside its amount, date or time."""
    counted = {index for one in numbers(wanted) for index in range(one.start, one.end)}
    rest = (
        token
        for index, token in enumerate(wanted)
        if index not in counted and not token.number and token.text not in _UNDERSTOOD
    )
    spoken = frozenset(form for token in said for form in (*token.forms, _ZONES.get(token.text, token.text)))
    return all(token.forms & spoken or _ZONES.get(token.text) in spoken for token in rest)


def verbatim(wanted: Sequence[Token], said: Sequence[Token]) -> bool:
    """Whether the text contains the entity literally (at least two words), without an adjacent number at its edges."""
    words = [token.text for token in wanted]
    if len(words) < 2:
        return False
    for start in range(len(said) - len(words) + 1):
        end = start + len(words)
        same = [(token.text, token.mark) for token in said[start:end]]
        if same != [(token.text, token.mark) for token in wanted]:
            continue
        before = said[start - 1] if start else None
        after = said[end] if end < len(said) else None
        if before is not None and before.text in ("minus", "negative"):
            continue
        if not _two_numbers(before, said[start]) and not _two_numbers(said[end - 1], after):
            return True
    return False


def _two_numbers(one: Token | None, other: Token | None) -> bool:
    return all(token is not None and (token.number or token.text in SPELLED_NUMBERS) for token in (one, other))
