"""Detects the script of a text, and whether it has spaces between words."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

WITHOUT_SPACES = frozenset({"Han", "Hiragana", "Katakana", "Bopomofo", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan"})
"""Scripts without spaces between words."""
_NAMES = {"Cjk": "Han", "Kangxi": "Han", "Ideographic": "Han", "Hangzhou": "Han", "Halfwidth": "", "Fullwidth": ""}


@lru_cache(maxsize=20_000)
def script_of(char: str) -> str | None:
    """Return the script of a letter or mark (Latin, Devanagari, Han, ...), or None for other characters."""
    if unicodedata.category(char)[0] not in "LM":
        return None
    words = unicodedata.name(char, "").title().split()
    if not words or words[0] in ("Combining", "Variation", "Modifier"):
        return None
    script = _NAMES.get(words[0], words[0])
    return script or (_NAMES.get(words[1], words[1]) if len(words) > 1 else None)


def scripts_in(texts: Iterable[str]) -> Counter[str]:
    """Count the letters and marks of each script."""
    found: Counter[str] = Counter()
    for char, count in Counter("".join(texts)).items():
        if (script := script_of(char)) is not None:
            found[script] += count
    return found


def has_no_spaces(char: str) -> bool:
    """Whether a character belongs to a script without spaces between words."""
    return script_of(char) in WITHOUT_SPACES
