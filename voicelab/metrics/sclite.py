"""Alignment as NIST sclite makes it: a substitution costs 4, an insertion and a deletion 3 each.

Source: the sclite documentation of the NIST Scoring Toolkit (SCTK). Among alignments of the same cost one is taken as
sclite takes it, so the counts are the same utterance by utterance: a pair of words before an insertion, an insertion
before a deletion, seen from the end. tests/test_sclite.py holds this against the program itself.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from voicelab.metrics.alternatives import NOTHING, Lattice
from voicelab.metrics.words import Operation, Step, WordCounts, counts_of


@dataclass(frozen=True, slots=True)
class Weights:
    """What each error costs; nothing: what leaving out the empty wording `@` costs."""

    name: str
    substitution: float
    insertion: float
    deletion: float
    nothing: float


SCLITE = Weights("sclite", 4.0, 3.0, 3.0, 0.001)
MINIMAL = Weights("minimal", 1.0, 1.0, 1.0, 0.0)
WEIGHTS = {weights.name: weights for weights in (MINIMAL, SCLITE)}

_PAIR, _INSERT, _DELETE = 0, 1, 2


def align_sclite(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[Step, ...]:
    """sclite's alignment of two lists of words."""
    equal_at_end = 0
    while (
        equal_at_end < min(len(reference), len(hypothesis))
        and reference[-1 - equal_at_end] == hypothesis[-1 - equal_at_end]
    ):
        # Equal last words are always paired: no other step into the last cell costs less.
        equal_at_end += 1
    left, right = reference[: len(reference) - equal_at_end], hypothesis[: len(hypothesis) - equal_at_end]
    steps = _traced(left, right, _moves(left, right))
    steps += [Step("equal", word, word) for word in reference[len(left) :]]
    return tuple(steps)


def count_sclite(reference: Sequence[str], hypothesis: Sequence[str]) -> WordCounts:
    """What sclite's alignment of two lists of words adds up to."""
    if reference == hypothesis:
        return WordCounts(hits=len(reference))
    return counts_of(align_sclite(reference, hypothesis))


def _moves(reference: Sequence[str], hypothesis: Sequence[str]) -> list[bytearray]:
    """The last step of the best alignment of reference[:i] and hypothesis[:j], at [i][j]."""
    row = [3 * j for j in range(len(hypothesis) + 1)]
    moves = [bytearray([_INSERT]) * len(row)]
    for i, word in enumerate(reference, start=1):
        above, row = row, [3 * i]
        move = bytearray([_DELETE])
        best = 3 * i
        for j, other in enumerate(hypothesis):
            paired = above[j] if word == other else above[j] + 4
            inserted, deleted = best + 3, above[j + 1] + 3
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


def _traced(reference: Sequence[str], hypothesis: Sequence[str], moves: list[bytearray]) -> list[Step]:
    i, j, steps = len(reference), len(hypothesis), list[Step]()
    while i or j:
        move = moves[i][j]
        i, j = i - (move != _INSERT), j - (move != _DELETE)
        steps.append(_step(move, reference[i] if move != _INSERT else None, hypothesis[j] if move != _DELETE else None))
    steps.reverse()
    return steps


def _step(move: int, reference: str | None, hypothesis: str | None) -> Step:
    operation: Operation = "insert" if move == _INSERT else "delete"
    if move == _PAIR:
        operation = "equal" if reference == hypothesis else "substitute"
    return Step(operation, reference, hypothesis)


_Back = tuple[int, int]
"""The places, in the reference and in the hypothesis, that the best alignment up to here came from."""


def align_lattices(reference: Lattice, hypothesis: Lattice, weights: Weights) -> tuple[Step, ...]:
    """The cheapest alignment of any wording of the one with any wording of the other; `@` takes no step."""
    # sclite adds up in 32 bits, and thousandths are not exact there; ties between them fall where it puts them.
    exact = not (weights.nothing and (reference.has_nothing or hypothesis.has_nothing))
    costs, backs = _cheapest(reference, hypothesis, weights, float if exact else _in_32_bits)
    ends = [(one, other) for one in reference.last for other in hypothesis.last]
    i, j = min(ends, key=lambda end: costs[end[0]][end[1]])
    steps: list[Step] = []
    while i or j:
        before = backs[i][j]
        mine = reference.words[i] if before[0] != i else None
        other = hypothesis.words[j] if before[1] != j else None
        move = _PAIR if mine is not None and other is not None else _INSERT if mine is None else _DELETE
        if move == _PAIR or (mine or other) != NOTHING:
            steps.append(_step(move, mine, other))
        i, j = before
    return tuple(reversed(steps))


def _in_32_bits(value: float) -> float:
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


def _cheapest(
    reference: Lattice, hypothesis: Lattice, weights: Weights, rounded: Callable[[float], float]
) -> tuple[list[list[float]], list[list[_Back]]]:
    """The cost of the best alignment up to each word of either side, and where it came from, at [i][j]."""
    nothing = rounded(weights.nothing)
    insertions = [nothing if word == NOTHING else weights.insertion for word in hypothesis.words]
    costs: list[list[float]] = []
    backs: list[list[_Back]] = []
    for i, word in enumerate(reference.words):
        deletion = nothing if word == NOTHING else weights.deletion
        above = reference.before[i]
        row: list[float] = [0.0]
        back: list[_Back] = [(0, 0)]
        costs.append(row)
        backs.append(back)
        if i:
            best = _first_least(above, [costs[place][0] for place in above])
            row[0], back[0] = rounded(costs[best][0] + deletion), (best, 0)
        for j in range(1, len(hypothesis.words)):
            left = hypothesis.before[j]
            at = _first_least(left, [row[place] for place in left])
            inserted, came = rounded(row[at] + insertions[j]), (i, at)
            if i:
                over = _first_least(above, [costs[place][j] for place in above])
                deleted = rounded(costs[over][j] + deletion)
                places = [(mine, yours) for mine in above for yours in left]
                pair = _first_least(places, [costs[mine][yours] for mine, yours in places])
                paired = rounded(costs[pair[0]][pair[1]] + _pair_cost(word, hypothesis.words[j], weights))
                if paired <= deleted and paired <= inserted:
                    inserted, came = paired, pair
                elif deleted < inserted:
                    inserted, came = deleted, (over, j)
            row.append(inserted)
            back.append(came)
    return costs, backs


_Place = TypeVar("_Place")


def _first_least(places: Sequence[_Place], costs: Sequence[float]) -> _Place:
    return places[0] if len(places) == 1 else places[costs.index(min(costs))]


def _pair_cost(word: str, other: str, weights: Weights) -> float:
    """What it costs to set two words side by side; the empty wording pairs with no word."""
    if word == other:
        return 1.0 if word == NOTHING else 0.0
    return inf if NOTHING in (word, other) else weights.substitution
