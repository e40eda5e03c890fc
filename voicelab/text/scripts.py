"""Which script a text is written in, and which scripts leave no spaces between words."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

WITHOUT_SPACES = frozenset({"Han", "Hiragana", "Katakana", "Bopomofo", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan"})
"""Scripts whose words are not separated by spaces."""
_NAMES = {"Cjk": "Han", "Kangxi": "Han", "Ideographic": "Han", "Hangzhou": "Han", "Halfwidth": "", "Fullwidth": ""}


@lru_cache(maxsize=20_000)
def script_of(char: str) -> str | None:
    """The script of a letter or a mark (Latin, Devanagari, Han, ...); None for digits, punctuation and symbols."""
    if unicodedata.category(char)[0] not in "LM":
        return None
    words = unicodedata.name(char, "").title().split()
    if not words or words[0] in ("Combining", "Variation", "Modifier"):
        return None
    script = _NAMES.get(words[0], words[0])
    return script or (_NAMES.get(words[1], words[1]) if len(words) > 1 else None)


def scripts_in(texts: Iterable[str]) -> Counter[str]:
    """How many letters and marks of each script the texts hold."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(script for char in text if (script := script_of(char)) is not None)
    return found


def has_no_spaces(char: str) -> bool:
    """Whether a character belongs to a script whose words are not separated by spaces."""
    return script_of(char) in WITHOUT_SPACES
