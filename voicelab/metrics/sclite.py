"""Weighted alignment as in NIST sclite: a substitution costs 4, an insertion and a deletion 3 each.

Source: the sclite documentation of the NIST Scoring Toolkit (SCTK). Ties are resolved as in sclite, so that the counts
of every utterance are equal: from the end of the texts, a pair of words comes before an insertion, and an insertion
before a deletion. tests/test_sclite.py compares the results with sclite itself.
"""

from collections.abc import Sequence

from voicelab.metrics.alternatives import NOTHING, plain_lattice
from voicelab.metrics.lattice_alignment import align_lattices
from voicelab.metrics.weights import SCLITE, Weights
from voicelab.metrics.word_matching import EQUAL
from voicelab.metrics.words import AlignmentStep, WordCounts, counts_of

LONG_CELLS = 40_000
"""From this many word pairs on, NumPy rows are faster than a loop over the cells."""
_PAIR, _INSERT, _DELETE = 0, 1, 2
_LITERAL_NOTHING = "\0" + NOTHING


def align_sclite(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[AlignmentStep, ...]:
    """Return sclite's alignment of two word lists."""
    return align_weighted(reference, hypothesis, SCLITE)


def count_sclite(reference: Sequence[str], hypothesis: Sequence[str]) -> WordCounts:
    """Return the counts of sclite's alignment of two word lists."""
    return count_weighted(reference, hypothesis, SCLITE)


def count_weighted(reference: Sequence[str], hypothesis: Sequence[str], weights: Weights) -> WordCounts:
    """Return the counts of the minimum-cost alignment of two word lists."""
    if reference == hypothesis:
        return WordCounts(hits=len(reference))
    return counts_of(align_weighted(reference, hypothesis, weights))


def align_weighted(reference: Sequence[str], hypothesis: Sequence[str], weights: Weights) -> tuple[AlignmentStep, ...]:
    """Return the minimum-cost alignment of two word lists, with sclite's tie-breaking."""
    equal_at_end = 0
    while (
        equal_at_end < min(len(reference), len(hypothesis))
        and reference[-1 - equal_at_end] == hypothesis[-1 - equal_at_end]
    ):
        # Equal last words are always paired: no other step into the last cell costs less.
        equal_at_end += 1
    left, right = reference[: len(reference) - equal_at_end], hypothesis[: len(hypothesis) - equal_at_end]
    if len(left) * len(right) < LONG_CELLS:
        steps = _traced(left, right, _moves(left, right, weights))
    else:
        steps = _long(left, right, weights)
    steps += [AlignmentStep("equal", word, word) for word in reference[len(left) :]]
    return tuple(steps)


def _long(reference: Sequence[str], hypothesis: Sequence[str], weights: Weights) -> list[AlignmentStep]:
    """Return the same alignment, computed with NumPy rows; `@` is an ordinary word here."""
    sides = [[_LITERAL_NOTHING if word == NOTHING else word for word in words] for words in (reference, hypothesis)]
    steps = align_lattices(plain_lattice(sides[0]), plain_lattice(sides[1]), weights)
    words, others = iter(reference), iter(hypothesis)
    return [
        EQUAL.step(None if step.reference is None else next(words), None if step.hypothesis is None else next(others))
        for step in steps
    ]


def _moves(reference: Sequence[str], hypothesis: Sequence[str], weights: Weights) -> list[bytearray]:
    """Return the last step of the best alignment of reference[:i] and hypothesis[:j], at [i][j]."""
    substitution, insertion, deletion = weights.substitution, weights.insertion, weights.deletion
    row = [insertion * j for j in range(len(hypothesis) + 1)]
    moves = [bytearray([_INSERT]) * len(row)]
    for i, word in enumerate(reference, start=1):
        above, row = row, [deletion * i]
        move = bytearray([_DELETE])
        best = deletion * i
        for j, other in enumerate(hypothesis):
            paired = above[j] if word == other else above[j] + substitution
            inserted, deleted = best + insertion, above[j + 1] + deletion
            if paired <= deleted and paired <= inserted:
                best = paired
                move.append(_PAIR)
            elif deleted < inserted:
                best = deleted
                move.append(_DELETE)
            else:
                best = inserted
                move.append(_INSERT)
            row.append(best)
        moves.append(move)
    return moves


def _traced(reference: Sequence[str], hypothesis: Sequence[str], moves: list[bytearray]) -> list[AlignmentStep]:
    i, j, steps = len(reference), len(hypothesis), list[AlignmentStep]()
    while i or j:
        move = moves[i][j]
        i, j = i - (move != _INSERT), j - (move != _DELETE)
        steps.append(EQUAL.step(reference[i] if move != _INSERT else None, hypothesis[j] if move != _DELETE else None))
    steps.reverse()
    return steps
