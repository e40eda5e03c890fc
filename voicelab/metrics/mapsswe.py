"""MAPSSWE, the matched pairs test of word errors per segment (Gillick and Cox 1989; NIST SCTK, sc_stats).

Consecutive errors are not independent, so utterances are split only at safe points: between two segments lie at least
two consecutive words that both systems recognized correctly, without an insertion before the second. Utterance
boundaries also end a segment. Only segments with an error count.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicelab.metrics.words import AlignmentStep

GOOD_WORDS = 2
"""Number of words correct in both systems that separates two segments; NIST's `min_num_good`."""

Errors = tuple[int, int]
"""Errors of the first and second system in one segment."""


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """Differences of errors per segment, second minus first: mean, standard deviation (n - 1), Z and two-sided p.

    z is None if the differences do not vary. All are None for fewer than two segments.
    """

    segments: int
    mean: float | None
    sd: float | None
    z: float | None
    p_value: float | None


def segments(
    first: Sequence[AlignmentStep],
    second: Sequence[AlignmentStep],
    good_words: int = GOOD_WORDS,
    *,
    wordings: bool = False,
) -> list[Errors]:
    """Return the segments of one utterance from both systems' alignments with the same reference.

    wordings: whether the reference has alternatives, which may differ between the systems; a section where they differ
    counts as one word. Raises ValueError for references that differ otherwise. sc_stats ignores words that only the
    second system inserted after the last reference word. Here they count for both systems, so that the result does not
    depend on the order of the systems.
    """
    mine, other = _slots(first), _slots(second)
    if [word for word, *_ in mine] != [word for word, *_ in other]:
        if not wordings:
            raise ValueError("the alignments have different references")
        mine, other = _merged(mine, other)
    found: list[list[int]] = []
    good = good_words
    for (_, inserted, wrong), (_, inserted_too, wrong_too) in zip(mine, other, strict=True):
        for errors in ((inserted, inserted_too), (wrong, wrong_too)):
            if any(errors):
                if good >= good_words:
                    found.append([0, 0])
                found[-1][0] += errors[0]
                found[-1][1] += errors[1]
                good = 0
        good += not (wrong or wrong_too)
    return [(errors[0], errors[1]) for errors in found]


_Slot = tuple[str | None, int, int]


def _slots(steps: Sequence[AlignmentStep]) -> list[_Slot]:
    """Return (reference word, words inserted before it, 1 if wrong) for each word, and those inserted at the end."""
    slots: list[_Slot] = []
    inserted = 0
    for step in steps:
        if step.operation == "insert":
            inserted += 1
        else:
            slots.append((step.reference, inserted, int(step.operation != "equal")))
            inserted = 0
    return [*slots, (None, inserted, 0)]


def _merged(first: list[_Slot], second: list[_Slot]) -> tuple[list[_Slot], list[_Slot]]:
    """Merge the slots of sections in which two alternatives of one reference differ."""
    from rapidfuzz.distance import Levenshtein

    mine: list[_Slot] = []
    other: list[_Slot] = []
    for chunk in Levenshtein.opcodes([slot[0] for slot in first], [slot[0] for slot in second]):
        left, right = first[chunk.src_start : chunk.src_end], second[chunk.dest_start : chunk.dest_end]
        if chunk.tag == "equal":
            mine += left
            other += right
        else:
            mine.append(("", 0, sum(inserted + wrong for _, inserted, wrong in left)))
            other.append(("", 0, sum(inserted + wrong for _, inserted, wrong in right)))
    return mine, other


def mapsswe(
    first: Sequence[Sequence[AlignmentStep]], second: Sequence[Sequence[AlignmentStep]], *, wordings: bool = False
) -> MatchedPairs:
    """Apply the test to both systems' alignments of the same utterances, in order. wordings: as for `segments`."""
    pairs = [
        errors for mine, other in zip(first, second, strict=True) for errors in segments(mine, other, wordings=wordings)
    ]
    return matched_pairs([one for one, _ in pairs], [other for _, other in pairs])


def matched_pairs(first: Sequence[float], second: Sequence[float]) -> MatchedPairs:
    """Compare Z = mean / (sd / sqrt(n)) of the differences with the normal distribution.

    If all segments differ by the same amount, the standard deviation is 0. The p-value is then that of the exact
    sign-flip test (Fisher 1935), 2 / 2 ** n. Without any difference, p is 1.
    """
    differences = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    count = len(differences)
    if not differences.any():
        return MatchedPairs(count, 0.0 if count else None, 0.0 if count > 1 else None, None, 1.0)
    if count < 2:
        return MatchedPairs(count, float(differences.mean()), None, None, None)
    mean, sd = float(differences.mean()), float(differences.std(ddof=1))
    if sd < 1e-12 * abs(mean):
        return MatchedPairs(count, mean, 0.0, None, max(2 * 0.5**count, sys.float_info.min))
    z = mean / (sd / math.sqrt(count))
    return MatchedPairs(count, mean, sd, z, max(math.erfc(abs(z) / math.sqrt(2)), sys.float_info.min))
