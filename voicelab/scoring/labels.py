"""How names of a set are shown."""

from __future__ import annotations


def label(name: str) -> str:
    """A category, an intent or a speaker as it is shown: `stock_price_queries` without its underscores."""
    return name.replace("_", " ")
