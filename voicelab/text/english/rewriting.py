"""Rewriting a sequence of words from left to right."""

from collections.abc import Callable, Sequence

Taken = tuple[list[str], int] | None
"""New words for some words, and the index after these; None for words that stay."""


def rewritten(words: Sequence[str], rule: Callable[[Sequence[str], int, list[str]], Taken]) -> list[str]:
    """Apply a rule at each word that no earlier replacement includes, and return the new words.

    rule: called with the words, an index, and the new words so far, which it may change.
    """
    out: list[str] = []
    index = 0
    while index < len(words):
        texts, index = rule(words, index, out) or ([words[index]], index + 1)
        out += texts
    return out
