"""Word errors: alignments and additive counts.

Counts equal those of jiwer: the minimal edit distance with unit costs, computed by the same rapidfuzz functions, which
also resolve ties the same way. metrics.sclite counts with NIST's weights. Rates are always computed from summed counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple

from voicelab.text import Normalizer

if TYPE_CHECKING:
    from types import ModuleType

Operation = Literal["equal", "substitute", "delete", "insert"]


@dataclass(frozen=True, slots=True)
class WordCounts:
    """Counts of word outcomes; supports `+`. Rates are None when the denominator is 0."""

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: WordCounts) -> WordCounts:
        return WordCounts(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def reference_words(self) -> int:
        return self.hits + self.substitutions + self.deletions

    @property
    def hypothesis_words(self) -> int:
        return self.hits + self.substitutions + self.insertions

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def wer(self) -> float | None:
        """Word error rate: errors / reference words."""
        return _share(self.errors, self.reference_words)

    @property
    def mer(self) -> float | None:
        """Match error rate (Morris et al. 2004): errors / (hits + errors)."""
        return _share(self.errors, self.hits + self.errors)

    @property
    def wil(self) -> float | None:
        """Word information lost (Morris et al. 2004): 1 - (hits / reference words) * (hits / hypothesis words).

        1 for a reference with an empty hypothesis.
        """
        if not self.reference_words:
            return None
        if not self.hypothesis_words:
            return 1.0
        return 1 - self.hits * self.hits / (self.reference_words * self.hypothesis_words)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


class AlignmentStep(NamedTuple):
    """One step of an alignment; reference is None for an insertion, hypothesis for a deletion."""

    operation: Operation
    reference: str | None
    hypothesis: str | None


def align(reference: str, hypothesis: str, normalizer: Normalizer) -> tuple[AlignmentStep, ...]:
    """Return the minimal word alignment of two texts after normalization."""
    return align_words(normalizer.words(reference), normalizer.words(hypothesis))


def align_words(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[AlignmentStep, ...]:
    """Return the minimal alignment of two word lists."""
    return tuple(
        AlignmentStep("substitute" if chunk.tag == "replace" else chunk.tag, mine, other)
        for chunk in _levenshtein().opcodes(reference, hypothesis)
        for mine, other in zip_longest(
            reference[chunk.src_start : chunk.src_end], hypothesis[chunk.dest_start : chunk.dest_end]
        )
    )


@cache
def _levenshtein() -> ModuleType:
    """Return rapidfuzz's module, imported on first use."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein


def counts_of(steps: Iterable[AlignmentStep]) -> WordCounts:
    """Return the counts of an alignment."""
    tally = {"equal": 0, "substitute": 0, "delete": 0, "insert": 0}
    for step in steps:
        tally[step.operation] += 1
    return WordCounts(tally["equal"], tally["substitute"], tally["delete"], tally["insert"])


def count(reference: str, hypothesis: str, normalizer: Normalizer) -> WordCounts:
    """Count the word errors of one pair of texts; an empty hypothesis is all deletions."""
    return count_words(normalizer.words(reference), normalizer.words(hypothesis))


def count_many(references: Iterable[str], hypotheses: Iterable[str], normalizer: Normalizer) -> list[WordCounts]:
    """Count the word errors of each pair, in order. Raises ValueError for different numbers of texts."""
    pairs = zip(references, hypotheses, strict=True)
    return [count_words(normalizer.words(reference), normalizer.words(hypothesis)) for reference, hypothesis in pairs]


def count_words(reference: Sequence[str], hypothesis: Sequence[str]) -> WordCounts:
    """Count the errors of the minimal alignment of two word lists (or of two texts, by characters)."""
    if reference == hypothesis:
        return WordCounts(hits=len(reference))
    kinds = [edit.tag for edit in _levenshtein().editops(reference, hypothesis)]
    substitutions, deletions = kinds.count("replace"), kinds.count("delete")
    return WordCounts(
        len(reference) - substitutions - deletions, substitutions, deletions, len(kinds) - substitutions - deletions
    )


def count_characters(reference: str, hypothesis: str, normalizer: Normalizer) -> WordCounts:
    """Count the errors over characters. Spaces between words count as in jiwer's CER, unless the normalizer removes
    them; leading and trailing spaces do not count.
    """
    return count_words(normalizer.characters(reference), normalizer.characters(hypothesis))
