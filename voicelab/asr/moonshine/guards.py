"""Recognizes texts that a model invented: more words than can be said in the time, and loops."""

from __future__ import annotations

import re

_MOST_WORDS_PER_S = 7.0
"""Fast talkers reach 5; a count over this was not said."""
_FREE_WORDS = 2
_LONGEST_PHRASE = 12
_MOST_REPEATS = {1: 6, 2: 4}
"""By the words of a phrase: how often it may follow itself ("no no no no" is said); longer phrases: _PHRASE_REPEATS."""
_PHRASE_REPEATS = 3
_NO_SPEECH_MARKS = re.compile(r"[♪♫]+[?!.]*|\[[^\]]*\]|\([^)]*\)")


def cleaned(text: str) -> str:
    """The text without marks for music or sounds, its spaces single; "" when no letter or digit is left."""
    text = " ".join(_NO_SPEECH_MARKS.sub(" ", text).split())
    return text if any(character.isalnum() for character in text) else ""


def is_too_fast(text: str, speech_s: float) -> bool:
    """Whether there are more words than can be said in that many seconds."""
    return len(text.split()) > _FREE_WORDS + _MOST_WORDS_PER_S * speech_s


def is_loop(text: str) -> bool:
    """Whether a phrase follows itself more often than people repeat themselves; case and punctuation do not count."""
    words = [word for word in re.sub(r"[^\w' ]+", " ", text.lower()).split() if word]
    return any(_repeats(words, size) for size in range(1, min(_LONGEST_PHRASE, len(words) // 2) + 1))


def _repeats(words: list[str], size: int) -> bool:
    most = _MOST_REPEATS.get(size, _PHRASE_REPEATS)
    same = 0
    for place in range(size, len(words)):
        same = same + 1 if words[place] == words[place - size] else 0
        if same >= size * most:
            return True
    return False
