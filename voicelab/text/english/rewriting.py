"""Rewriting a sequence of words from left to right."""

from collections.abc import Callable, Sequence

Taken = tuple[list[str], int] | None
"""New words for some words, and the index after these; None for words that stay."""


def rewritten(words: Sequence[str], rule: Callable[[Sequence[str], int, list[str]], Taken]) -> list[str]:
    """Return the words as a rule changes them.

    rule: reads the words from an index on; its third argument are the new words so far, which it may change.
    """
    out: list[str] = []
    index = 0
    while index < len(words):
        texts, index = rule(words, index, out) or ([words[index]], index + 1)
        out += texts
    return out
