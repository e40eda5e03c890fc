"""Entities in the form `spoken (written)`, with a second form in parentheses."""

import re

_TWICE = re.compile(r"\s*(\S.*?)\s+\(([^()]*\w[^()]*)\)(\s+\w[^()]*)?\s*")


def parts(entity: str) -> tuple[str, str] | None:
    """Return the text before and the text inside the parentheses; None without parentheses.

    Words after them belong to both: `three (3) days` is `three days` and `3 days`.
    """
    found = _TWICE.fullmatch(entity)
    if found is None:
        return None
    rest = found[3] or ""
    return found[1] + rest, found[2] + rest


def is_remark(inner: str) -> bool:
    """Whether the parentheses contain lower-case words, as in `Chase (bank)`: a remark, not another name."""
    return inner.islower() and not any(sign.isdigit() for sign in inner)
