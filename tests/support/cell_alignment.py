"""The alignment of two lattices by a simple loop over all cells: slow, but short enough to verify."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from math import inf
from typing import TypeVar

from voicelab.metrics.alternatives import NOTHING, Lattice
from voicelab.metrics.weights import Weights
from voicelab.metrics.word_matching import EQUAL
from voicelab.metrics.words import AlignmentStep

_Back = tuple[int, int]
"""The predecessor of a cell on the best alignment."""


def align_by_cells(reference: Lattice, hypothesis: Lattice, weights: Weights) -> tuple[AlignmentStep, ...]:
    """The minimum-cost alignment over all wordings of both sides; `@` takes no step."""
    # sclite adds 32-bit floats, which are not exact in thousandths; ties are resolved accordingly.
    exact = not (weights.nothing and (reference.has_nothing or hypothesis.has_nothing))
    costs, backs = _cheapest(reference, hypothesis, weights, float if exact else _in_32_bits)
    ends = [(one, other) for one in reference.last for other in hypothesis.last]
    i, j = min(ends, key=lambda end: costs[end[0]][end[1]])
    steps: list[AlignmentStep] = []
    while i or j:
        before = backs[i][j]
        mine = reference.words[i] if before[0] != i else None
        other = hypothesis.words[j] if before[1] != j else None
        if (mine is not None and other is not None) or (mine or other) != NOTHING:
            steps.append(EQUAL.step(mine, other))
        i, j = before
    return tuple(reversed(steps))


def _in_32_bits(value: float) -> float:
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


def _cheapest(
    reference: Lattice, hypothesis: Lattice, weights: Weights, rounded: Callable[[float], float]
) -> tuple[list[list[float]], list[list[_Back]]]:
    """The cost of the best alignment up to each pair of words, and its predecessor, at [i][j]."""
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
    """The cost of aligning two words; the empty alternative aligns with no word."""
    if word == other:
        return 1.0 if word == NOTHING else 0.0
    return inf if NOTHING in (word, other) else weights.substitution
