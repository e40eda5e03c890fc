"""Cost rows for the common case: integer costs and columns without alternatives.

Costs are stored relative to the cost of skipping all words so far. Skipping a word then adds nothing, and a row takes
one addition, one minimum and one running minimum.
"""

from typing import Any

import numpy as np

from voicelab.metrics.alternatives import NOTHING
from voicelab.metrics.lattice_band import band
from voicelab.metrics.lattice_costs import AlignmentSide, Arithmetic
from voicelab.metrics.lattice_rows import Costs, LatticeRow, RowStore, cut
from voicelab.metrics.word_matching import Matching, Vocabulary

_SPAN_16 = 30_000
"""Completed rows whose costs span less than this are stored in 16 bits."""
_REMEMBERED_CELLS = 4_000_000
"""Maximum number of cached cells of pair costs."""


class PlainRows(RowStore):
    """Computes the cells that can lie on a minimum-cost path."""

    def __init__(
        self, rows: AlignmentSide, columns: AlignmentSide, matching: Matching, arithmetic: Arithmetic, block_bytes: int
    ) -> None:
        self.arithmetic = arithmetic
        self._row_costs = [int(cost) for cost in rows.costs]
        self._slope = int(columns.cost)
        self._substitution = int(arithmetic.weights.substitution)
        self._vocabulary = Vocabulary(columns.lattice.words, matching, of_reference=columns.of_reference)
        self._numbers = np.array([self._vocabulary.numbers[word] for word in columns.lattice.words])
        self._pair_costs: dict[str, Costs] = {}
        cells = band(rows.lattice, columns.lattice, arithmetic.weights, rows.cost, columns.cost)
        self._first, self._end = cells[0].tolist(), cells[1].tolist()
        steepest = self._slope + int(rows.cost)
        narrow = int((cells[1] - cells[0]).max()) * steepest < _SPAN_16
        super().__init__(rows.lattice, cells, block_bytes, arithmetic.kind().itemsize, compact=narrow)

    def one_row(self, place: int, found: dict[int, LatticeRow]) -> LatticeRow:
        first, end = self._first[place], self._end[place]
        costs = np.empty(end - first + 2, dtype=self.arithmetic.kind)
        costs[0] = costs[-1] = self.arithmetic.unreachable
        inner = costs[1:-1]
        if not place:
            inner[:] = 0
            return LatticeRow(first, end, costs, self._slope, 0)
        before = self.rows.before[place]
        nearest = found[before[0]]
        above, base = cut(nearest, first, end, self.arithmetic.unreachable), nearest.base
        if len(before) > 1:
            above = self._least(above, base, [found[earlier] for earlier in before[1:]], first, end)
        word = self.rows.words[place]
        if word == NOTHING:
            inner[:] = above[1:]
            return LatticeRow(first, end, costs, self._slope, base + self._row_costs[place])
        np.add(above[:-1], self._pairs(place, first, end), out=inner)
        np.minimum(inner, above[1:], out=inner)
        np.minimum.accumulate(inner, out=inner)
        return LatticeRow(first, end, costs, self._slope, base + self._row_costs[place])

    def _least(self, costs: Costs, base: int, rows: list[LatticeRow], first: int, end: int) -> Costs:
        """Return the minimum of costs relative to `base` and of other rows in columns first - 1 to end - 1."""
        for row in rows:
            other = cut(row, first, end, self.arithmetic.unreachable)
            if row.base != base:
                other = other + self.arithmetic.kind(row.base - base)
            costs = np.minimum(costs, other)
        return costs

    def _pairs(self, place: int, first: int, end: int) -> Any:
        """Return the cost added by aligning a row's word with each column's word."""
        word = self.rows.words[place]
        remembered = self._pair_costs.get(word)
        if remembered is not None:
            return remembered[first:end]
        partners = self._vocabulary.partners(word)
        passed = self._slope + self._row_costs[place]
        if not partners:
            return self._substitution - passed
        if (len(self._pair_costs) + 1) * len(self._numbers) <= _REMEMBERED_CELLS:
            self._pair_costs[word] = self._compared(self._numbers, partners, passed)
            return self._pair_costs[word][first:end]
        return self._compared(self._numbers[first:end], partners, passed)

    def _compared(self, numbers: Costs, partners: list[int], passed: int) -> Costs:
        same = numbers == partners[0] if len(partners) == 1 else np.isin(numbers, partners)
        match, mismatch = self.arithmetic.kind(-passed), self.arithmetic.kind(self._substitution - passed)
        found: Costs = np.where(same, match, mismatch)
        return found
