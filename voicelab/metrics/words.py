"""Word errors: alignments and counts that add.

Counts are those of jiwer: the minimal edit distance, where a substitution, a deletion and an insertion cost one each,
by the same rapidfuzz that jiwer calls, so that the one alignment taken among equals is the same too. metrics.sclite
counts by NIST's weights. A rate is always computed from summed counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from voicelab.text import Normalizer

if TYPE_CHECKING:
    from types import ModuleType

Operation = Literal["equal", "substitute", "delete", "insert"]


@dataclass(frozen=True, slots=True)
class WordCounts:
    """How reference words fared: they add with `+`, and their rates are None when there is nothing to divide by."""

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

        With a reference and no hypothesis all information is lost: 1.
        """
        if not self.reference_words:
            return None
        if not self.hypothesis_words:
            return 1.0
        return 1 - self.hits * self.hits / (self.reference_words * self.hypothesis_words)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class AlignmentStep:
    """One step of an alignment; reference is None on an insertion, hypothesis on a deletion."""

    operation: Operation
    reference: str | None
    hypothesis: str | None


def align(reference: str, hypothesis: str, normalizer: Normalizer) -> tuple[AlignmentStep, ...]:
    """The minimal alignment of two texts, word by word, both brought to one spelling first."""
    return align_words(normalizer.words(reference), normalizer.words(hypothesis))


def align_words(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[AlignmentStep, ...]:
    """The minimal alignment of two lists of words."""
    steps: list[AlignmentStep] = []
    for chunk in _levenshtein().opcodes(reference, hypothesis):
        left = reference[chunk.src_start : chunk.src_end]
        right = hypothesis[chunk.dest_start : chunk.dest_end]
        if chunk.tag in ("equal", "replace"):
            kind: Operation = "equal" if chunk.tag == "equal" else "substitute"
            steps += [AlignmentStep(kind, mine, other) for mine, other in zip(left, right, strict=True)]
        elif chunk.tag == "delete":
            steps += [AlignmentStep("delete", word, None) for word in left]
        else:
            steps += [AlignmentStep("insert", None, word) for word in right]
    return tuple(steps)


@cache
def _levenshtein() -> ModuleType:
    """rapidfuzz, loaded when something is first aligned."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein


def counts_of(steps: Iterable[AlignmentStep]) -> WordCounts:
    """What an alignment adds up to."""
    tally = {"equal": 0, "substitute": 0, "delete": 0, "insert": 0}
    for step in steps:
        tally[step.operation] += 1
    return WordCounts(tally["equal"], tally["substitute"], tally["delete"], tally["insert"])


def count(reference: str, hypothesis: str, normalizer: Normalizer) -> WordCounts:
    """The word errors of one pair of texts; an empty hypothesis is all deletions."""
    return count_words(normalizer.words(reference), normalizer.words(hypothesis))


def count_many(references: Iterable[str], hypotheses: Iterable[str], normalizer: Normalizer) -> list[WordCounts]:
    """The word errors of each pair, in order; ValueError where the one has more texts than the other."""
    pairs = zip(references, hypotheses, strict=True)
    return [count_words(normalizer.words(reference), normalizer.words(hypothesis)) for reference, hypothesis in pairs]


def count_words(reference: Sequence[str], hypothesis: Sequence[str]) -> WordCounts:
    """What the minimal alignment of two lists of words (or of two texts, by characters) adds up to."""
    if reference == hypothesis:
        return WordCounts(hits=len(reference))
    kinds = [edit.tag for edit in _levenshtein().editops(reference, hypothesis)]
    substitutions, deletions = kinds.count("replace"), kinds.count("delete")
    return WordCounts(
        len(reference) - substitutions - deletions, substitutions, deletions, len(kinds) - substitutions - deletions
    )


def count_characters(reference: str, hypothesis: str, normalizer: Normalizer) -> WordCounts:
    """The same over characters. Spaces between words count as jiwer's CER counts them, but not in a normalizer that
    leaves them out; spaces around a text never count."""
    return count_words(normalizer.characters(reference), normalizer.characters(hypothesis))
