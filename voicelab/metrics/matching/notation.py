"""Entities in the form `spoken (written)`, with a second form in parentheses."""

from __future__ import annotations

import re

_TWICE = re.compile(r"\s*(\S.*?)\s+\(([^()]*\w[^()]*)\)\s*")


def parts(entity: str) -> tuple[str, str] | None:
    """Return the text before and the text inside the final parentheses; None without such parentheses."""
    found = _TWICE.fullmatch(entity)
    return (found[1], found[2]) if found else None


def is_remark(inner: str) -> bool:
    """Whether the parentheses contain lower-case words, as in `Chase (bank)`: a remark, not another name."""
    return inner.islower() and not any(sign.isdigit() for sign in inner)
