"""Joins initials into one word: u s, U.S. and US; j p morgan and J.P. Morgan."""

from collections.abc import Sequence

from voicelab.text.english.shorthand import PERIODS
from voicelab.text.english.vocabulary import INITIALS_LIKE_WORDS
from voicelab.text.english.written import BREAK

_TIMES = {"double": 2, "triple": 3}
PERIOD_WORDS = {short: words.replace("twelve", "12").split() for short, words in PERIODS.items()}
_AFTER_RATING = ("plus", "minus", "rated", "rating")


def with_joined_letters(words: Sequence[str]) -> list[str]:
    """Join consecutive single letters, also with commas between them.

    The country becomes `u.s`, unlike the pronoun, and ER `e.r`.
    """
    out: list[str] = []
    run: list[str] = []
    words = _ratings_joined(words)
    for index, word in enumerate([*words, ""]):
        if len(word) == 1 and word.isalpha():
            run.append(word)
            continue
        if word == BREAK and run and len("".join(words[index + 1 : index + 2])) == 1:
            continue  # `a, b` is `a b`
        out += _joined(run)
        run = []
        if word == "us" and out[-1:] == ["the"]:
            word = INITIALS_LIKE_WORDS["us"]
        if word:
            out += PERIOD_WORDS.get(word) or [word]
    return out


def _ratings_joined(words: Sequence[str]) -> Sequence[str]:
    """`aaa` for triple a, and `aa` for `double a` before plus, minus, rated or rating."""
    if "double" not in words and "triple" not in words:
        return words
    out: list[str] = []
    for index, word in enumerate(words):
        times = _TIMES.get(out[-1], 0) if out and word in ("a", "b", "c") else 0
        if times == _TIMES["triple"] or (times and "".join(words[index + 1 : index + 2]) in _AFTER_RATING):
            out[-1] = word * times
        else:
            out.append(word)
    return out


def _joined(run: Sequence[str]) -> list[str]:
    if len(run) < 2 or (set(run) <= {"a", "i"} and list(run) != ["a", "i"]):
        return list(run)
    word = "".join(run)
    return PERIOD_WORDS.get(word) or [INITIALS_LIKE_WORDS.get(word, word)]
