"""Joins initials into one word: u s, U.S. and US; j p morgan and J.P. Morgan."""

from __future__ import annotations

from collections.abc import Sequence

from voicelab.text.english.vocabulary import INITIALS_LIKE_WORDS
from voicelab.text.english.written import BREAK


def with_joined_letters(words: Sequence[str]) -> list[str]:
    """Join consecutive single letters, also with commas between them.

    The country becomes `u.s`, unlike the pronoun, and ER `e.r`.
    """
    out: list[str] = []
    run: list[str] = []
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
            out.append(word)
    return out


def _joined(run: Sequence[str]) -> list[str]:
    if len(run) < 2 or (set(run) <= {"a", "i"} and list(run) != ["a", "i"]):
        return list(run)
    word = "".join(run)
    return [INITIALS_LIKE_WORDS.get(word, word)]
