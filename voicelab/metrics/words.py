"""Word errors: alignments and counts that add.

Counts come from jiwer's minimal edit distance, where a substitution, a deletion and an insertion cost one each. A rate
is always computed from summed counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from voicelab.text import Normalizer

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
class Step:
    """One step of an alignment; reference is None on an insertion, hypothesis on a deletion."""

    operation: Operation
    reference: str | None
    hypothesis: str | None


def align(reference: str, hypothesis: str, normalizer: Normalizer) -> tuple[Step, ...]:
    """The minimal alignment of two texts, word by word, both brought to one spelling first."""
    return align_words(normalizer.words(reference), normalizer.words(hypothesis))


def align_words(reference: list[str], hypothesis: list[str]) -> tuple[Step, ...]:
    """The minimal alignment of two lists of words."""
    if not reference:
        # jiwer takes no empty reference; every word is then an insertion.
        return tuple(Step("insert", None, word) for word in hypothesis)
    import jiwer

    output = jiwer.process_words(" ".join(reference), " ".join(hypothesis), **_as_given())
    steps: list[Step] = []
    for chunk in output.alignments[0]:
        left = reference[chunk.ref_start_idx : chunk.ref_end_idx]
        right = hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx]
        if chunk.type in ("equal", "substitute"):
            kind: Operation = "equal" if chunk.type == "equal" else "substitute"
            steps += [Step(kind, mine, other) for mine, other in zip(left, right, strict=True)]
        elif chunk.type == "delete":
            steps += [Step("delete", word, None) for word in left]
        else:
            steps += [Step("insert", None, word) for word in right]
    return tuple(steps)


@cache
def _as_given() -> dict[str, Any]:
    """jiwer's transforms, told to do nothing but cut at spaces: normalizing is done before."""
    import jiwer

    cut = jiwer.Compose([jiwer.ReduceToListOfListOfWords()])
    return {"reference_transform": cut, "hypothesis_transform": cut}


def counts_of(steps: Iterable[Step]) -> WordCounts:
    """What an alignment adds up to."""
    tally = {"equal": 0, "substitute": 0, "delete": 0, "insert": 0}
    for step in steps:
        tally[step.operation] += 1
    return WordCounts(tally["equal"], tally["substitute"], tally["delete"], tally["insert"])


def count(reference: str, hypothesis: str, normalizer: Normalizer) -> WordCounts:
    """The word errors of one pair of texts; an empty hypothesis is all deletions."""
    return counts_of(align(reference, hypothesis, normalizer))


def count_characters(reference: str, hypothesis: str, normalizer: Normalizer) -> WordCounts:
    """The same over characters, the spaces between words included, as jiwer's CER counts them."""
    left, right = normalizer.apply(reference), normalizer.apply(hypothesis)
    if not left:
        return WordCounts(insertions=len(right))
    import jiwer

    output = jiwer.process_characters(left, right)
    return WordCounts(output.hits, output.substitutions, output.deletions, output.insertions)
