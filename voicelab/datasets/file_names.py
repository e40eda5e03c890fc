"""File names made from ids, which are any text."""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9_-]{1,64}")
_SHOWN = 40


def file_name(text: str) -> str:
    """A name that no other text has, at most 73 bytes long, on file systems that ignore case too.

    A short text of small letters, digits, `_` and `-` is its own name. Any other is named by what of it can be shown, a
    dot (which the first kind never has) and half of its SHA-256.
    """
    if _PLAIN.fullmatch(text):
        return text
    shown = re.sub(r"[^a-z0-9_-]+", "-", text.lower())[:_SHOWN].strip("-") or "id"
    return f"{shown}.{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
