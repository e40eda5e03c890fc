"""Word equality for alignment, with optional rules for fragments and optional words.

The rules follow sclite's options. `-F`: a word with a hyphen at its end (or start) matches every word that starts (or
ends) with its letters; if both words are fragments, the reference's applies. `-D`: a word in parentheses is optional,
and matches the word without parentheses. With both options sclite treats `(-der)` unpredictably; here its hyphen has no
meaning.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from voicelab.metrics.alternatives import NOTHING, Choice, Wording
from voicelab.metrics.words import AlignmentStep, Operation

OPTIONAL = "\1"
"""Prefix of an optional word; this character never occurs in texts."""


def is_optional(word: str) -> bool:
    return word.startswith(OPTIONAL)


def bare(word: str) -> str:
    """Return the word without the mark of an optional one."""
    return word.removeprefix(OPTIONAL)


def shown(word: str) -> str:
    """Return the word as written."""
    return f"({word[1:]})" if is_optional(word) else word


def with_optional(items: Wording) -> tuple[str | Choice, ...]:
    """Mark each word in parentheses as optional."""
    return tuple(
        Choice(tuple(with_optional(wording) for wording in item.wordings))
        if isinstance(item, Choice)
        else OPTIONAL + item[1:-1]
        if len(item) > 2 and item[0] == "(" and item[-1] == ")"
        else item
        for item in items
    )


def _is_fragment(word: str) -> bool:
    """Whether the word is a fragment. In parentheses only a final hyphen counts, as mostly in sclite."""
    found = bare(word)
    ends = found[-1:] == "-"
    return len(found) > 1 and (found[0] == "-") != ends and (ends or not is_optional(word))


def _begins_like(fragment: str, word: str) -> bool:
    """Whether the word starts, or ends, like the fragment."""
    return word.startswith(fragment[:-1]) if fragment[-1] == "-" else word.endswith(fragment[1:])


@dataclass(frozen=True, slots=True)
class Matching:
    """The rules for matching words. fragments: whether fragments match words that they may be part of."""

    fragments: bool = False

    def alike(self, word: str, other: str) -> bool:
        """Whether a reference word and a hypothesis word match."""
        if bare(word) == bare(other):
            return True
        if not self.fragments or NOTHING in (word, other):
            return False
        if _is_fragment(word):
            return _begins_like(bare(word), bare(other))
        return _is_fragment(other) and _begins_like(bare(other), bare(word))

    def step(self, reference: str | None, hypothesis: str | None) -> AlignmentStep:
        """Return the alignment step of two words, or of one without a partner. Omitting an optional word is correct."""
        if reference == hypothesis and reference is not None and not is_optional(reference):
            return AlignmentStep("equal", reference, reference)
        mine = None if reference is None else shown(reference)
        theirs = None if hypothesis is None else shown(hypothesis)
        operation: Operation
        if reference is None or hypothesis is None:
            alone = reference or hypothesis or ""
            operation = "equal" if is_optional(alone) else "insert" if reference is None else "delete"
        else:
            operation = "equal" if self.alike(reference, hypothesis) else "substitute"
        return AlignmentStep(operation, mine, theirs)


EQUAL = Matching()
"""Exact matching."""


class Vocabulary:
    """Numbers the words of one side, and finds the words of the other side that match each.

    of_reference: whether the side is the reference.
    """

    def __init__(self, words: Iterable[str], matching: Matching, *, of_reference: bool) -> None:
        self.numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
        self._matching, self._of_reference = matching, of_reference
        self._optional = [word for word in self.numbers if is_optional(word)]
        self._fragments = [word for word in self.numbers if _is_fragment(word)] if matching.fragments else []
        self._found: dict[str, list[int]] = {}

    def partners(self, word: str) -> list[int]:
        """Return the numbers of the words that match a word of the other side."""
        if word not in self._found:
            self._found[word] = self._partners(word)
        return self._found[word]

    def _partners(self, word: str) -> list[int]:
        others: Iterable[str] = (word, bare(word), *self._optional, *self._fragments)
        if self._matching.fragments and _is_fragment(word):
            others = self.numbers
        known = {other for other in others if other in self.numbers}
        return sorted(self.numbers[other] for other in known if self._alike(word, other))

    def _alike(self, word: str, other: str) -> bool:
        return self._matching.alike(other, word) if self._of_reference else self._matching.alike(word, other)
