"""Converts ids, which are arbitrary text, to file names."""

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9_-]{1,64}")
_SHOWN = 40


def file_name(text: str) -> str:
    """Return a unique file name of at most 73 bytes, also for case-insensitive file systems.

    A short text of lower-case letters, digits, `_` and `-` is its own name. Other names consist of the text's printable
    part, a dot (which the first kind never has) and half of its SHA-256.
    """
    if _PLAIN.fullmatch(text):
        return text
    shown = re.sub(r"[^a-z0-9_-]+", "-", text.lower())[:_SHOWN].strip("-") or "id"
    return f"{shown}.{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
