"""MAPSSWE: do two systems make equally many errors, segment by segment (Gillick and Cox 1989; NIST SCTK, sc_stats)?

Errors that follow on each other are not independent, so an utterance is cut where it is safe: between two segments lie
at least two words running that both systems have right, with nothing inserted before the second. The ends of an
utterance end a segment too. Only segments with an error count.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicelab.metrics.words import AlignmentStep

GOOD_WORDS = 2
"""So many words right in both systems part two segments; NIST's `min_num_good`."""

Errors = tuple[int, int]
"""The errors of the first and of the second system in one segment."""


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """Differences of errors per segment, second minus first: mean, standard deviation (n - 1), Z and two-sided p.

    z is None where the differences do not vary, and all is where it cannot be told: fewer than two segments.
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
    """The segments of one utterance, from the alignments of both systems with the same reference.

    wordings: whether the reference allows several wordings, of which each system may have another; a stretch where they
    differ then counts as one word. ValueError where the references differ otherwise. sc_stats leaves out words that
    only the second system inserted behind the last word of the reference; here they count for either system, so that
    the order of the systems does not matter.
    """
    mine, other = _slots(first), _slots(second)
    if [word for word, *_ in mine] != [word for word, *_ in other]:
        if not wordings:
            raise ValueError("the two alignments are of different references")
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
    """(reference word, words inserted before it, 1 where it is wrong), and last the words inserted at the end."""
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
    """The slots of two wordings of one reference; those of a stretch in which they differ become one slot."""
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
    """The test over utterances, given as both systems' alignments in one order. wordings: as for `segments`."""
    pairs = [
        errors for mine, other in zip(first, second, strict=True) for errors in segments(mine, other, wordings=wordings)
    ]
    return matched_pairs([one for one, _ in pairs], [other for _, other in pairs])


def matched_pairs(first: Sequence[float], second: Sequence[float]) -> MatchedPairs:
    """Z = mean / (sd / sqrt(n)) of the differences, against the normal distribution.

    Segments that all differ by the same amount have no spread to measure by. The exact test that turns each
    difference round with probability 1/2 (Fisher 1935) still has an answer, 2 / 2 ** n, and that is the p then. Where
    nothing differs p is 1.
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
