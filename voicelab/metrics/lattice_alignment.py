"""Minimum-cost alignment of two texts that may both contain alternatives.

Dynamic programming with one row of costs per word of one side (lattice_rows.py) and the other side's words as columns.
The traceback chooses each step from the neighbouring costs, so that ties are resolved as in sclite.
"""

from collections.abc import Sequence
from math import inf
from typing import TypeVar

from voicelab.metrics.alternatives import NOTHING, Lattice
from voicelab.metrics.lattice_any_rows import AnyRows
from voicelab.metrics.lattice_band import has_one_length, is_plain
from voicelab.metrics.lattice_costs import AlignmentSide, Arithmetic
from voicelab.metrics.lattice_plain_rows import PlainRows
from voicelab.metrics.weights import Weights
from voicelab.metrics.word_matching import EQUAL, Matching, is_optional
from voicelab.metrics.words import AlignmentStep

BLOCK_BYTES = 64_000_000
"""Maximum memory for the costs held at one time, in bytes."""


def align_lattices(
    reference: Lattice,
    hypothesis: Lattice,
    weights: Weights,
    *,
    matching: Matching = EQUAL,
    block_bytes: int = BLOCK_BYTES,
) -> tuple[AlignmentStep, ...]:
    """Return the minimum-cost alignment over all alternatives of both sides; `@` takes no step.

    block_bytes: maximum memory for the costs held at one time; does not affect the alignment.
    """
    return tuple(
        matching.step(None if i is None else reference.words[i], None if j is None else hypothesis.words[j])
        for i, j in align_places(reference, hypothesis, weights, matching=matching, block_bytes=block_bytes)
    )


Places = tuple[int | None, int | None]
"""Positions of two aligned words in the lattices of the reference and the hypothesis."""


def align_places(
    reference: Lattice,
    hypothesis: Lattice,
    weights: Weights,
    *,
    matching: Matching = EQUAL,
    block_bytes: int = BLOCK_BYTES,
) -> tuple[Places, ...]:
    """Return the same alignment as word positions in the lattices; None stands for no word."""
    # Alternatives are cheap in rows and expensive in columns, so the side without alternatives becomes the columns.
    swapped = is_plain(reference) and not is_plain(hypothesis)
    exact = not (weights.nothing and (reference.has_nothing or hypothesis.has_nothing))
    arithmetic = Arithmetic(weights, len(reference.words) + len(hypothesis.words), exact=exact)
    nothing = arithmetic.rounded(weights.nothing)
    mine = AlignmentSide.of(reference, weights, nothing, of_reference=True)
    other = AlignmentSide.of(hypothesis, weights, nothing, of_reference=False)
    rows, columns = (other, mine) if swapped else (mine, other)
    kind: type[_Rows] = PlainRows if arithmetic.whole and has_one_length(columns.lattice) else AnyRows
    table = kind(rows, columns, matching, arithmetic, block_bytes)
    return _Traceback(mine, other, matching, table, swapped=swapped).places()


_Place = TypeVar("_Place")
_Rows = PlainRows | AnyRows


def _first_least(places: Sequence[_Place], costs: Sequence[float]) -> _Place:
    return places[0] if len(places) == 1 else places[costs.index(min(costs))]


class _Traceback:
    """Traces the costs back from the end of both texts to their start."""

    def __init__(
        self, reference: AlignmentSide, hypothesis: AlignmentSide, matching: Matching, table: _Rows, *, swapped: bool
    ) -> None:
        self._matching, self._substitution = matching, table.arithmetic.weights.substitution
        # If a word may be omitted at lower cost, matching it with an equal word is not always cheapest.
        self._pairs_first = table.arithmetic.exact and not any(
            is_optional(word) for side in (reference, hypothesis) for word in set(side.lattice.words)
        )
        self._reference, self._hypothesis = reference.lattice, hypothesis.lattice
        self._deletions, self._insertions = reference.costs, hypothesis.costs
        self._table, self._swapped = table, swapped
        self._rounded = table.arithmetic.rounded

    def places(self) -> tuple[Places, ...]:
        ends = [(one, other) for one in self._reference.last for other in self._hypothesis.last]
        i, j = _first_least(ends, [self._cost(*end) for end in ends])
        found: list[Places] = []
        while i or j:
            before = self._before(i, j)
            mine = self._reference.words[i] if before[0] != i else None
            other = self._hypothesis.words[j] if before[1] != j else None
            if (mine is not None and other is not None) or (mine or other) != NOTHING:
                found.append((None if mine is None else i, None if other is None else j))
            i, j = before
        return tuple(reversed(found))

    def _cost(self, i: int, j: int) -> float:
        return self._table.row(j).at(i) if self._swapped else self._table.row(i).at(j)

    def _before(self, i: int, j: int) -> tuple[int, int]:
        """Return the predecessor of cell (i, j) on the best alignment."""
        cost, left, above = self._cost, self._hypothesis.before[j], self._reference.before[i]
        if not i:
            return 0, _first_least(left, [cost(0, place) for place in left])
        if not j:
            return _first_least(above, [cost(place, j) for place in above]), 0
        word, other = self._reference.words[i], self._hypothesis.words[j]
        if self._pairs_first and word == other != NOTHING and len(above) == len(left) == 1:
            # No other step can cost less, and matches win ties.
            return above[0], left[0]
        over = _first_least(above, [cost(place, j) for place in above])
        at = _first_least(left, [cost(i, place) for place in left])
        inserted = self._rounded(cost(i, at) + self._insertions[j])
        deleted = self._rounded(cost(over, j) + self._deletions[i])
        places = [(mine, yours) for mine in above for yours in left]
        pair = _first_least(places, [cost(*place) for place in places])
        paired = self._rounded(cost(*pair) + self._pair_cost(word, other))
        if paired <= deleted and paired <= inserted:
            return pair
        return (over, j) if deleted < inserted else (i, at)

    def _pair_cost(self, word: str, other: str) -> float:
        """Return the cost of aligning two words; the empty alternative aligns with no word."""
        if NOTHING in (word, other):
            return 1.0 if word == other else inf
        return 0.0 if self._matching.alike(word, other) else self._substitution
