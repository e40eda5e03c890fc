"""Shorthand that the normalizer and the entity matcher read alike: growth (YoY), ratings (AA-), pence (250p)."""

from __future__ import annotations

import re

PENCE = r"\b(?!(?:144|240|360|480|540|720)p)(\d{1,3})p\b(?!\.)"
"""Pence, and not the lines of a video."""
_GROWTH = re.compile(r"\b(?:([YyQq])(?:-?o-?|/)\1|(M)(?:o|/)M)\b")
_PERIODS = {"y": "year", "q": "quarter", "m": "month"}
_RATING_MINUS = re.compile(r"(?<![\w-])([ABC]{1,3})[-\u2212](?![\w-])")


def growth_in_words(text: str) -> str:
    """Replace YoY, Y-o-Y and Y/Y by `year over year`, and the same for quarters and months."""
    if "o" not in text and "/" not in text:
        return text
    return _GROWTH.sub(_growth, text)


def ratings_in_words(text: str) -> str:
    """Replace the sign of a credit rating: `AA minus` for AA-."""
    return _RATING_MINUS.sub(r"\1 minus", text)


def _growth(found: re.Match[str]) -> str:
    unit = _PERIODS[(found[1] or found[2]).lower()]
    return f"{unit} over {unit}"
