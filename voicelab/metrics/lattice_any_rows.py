"""Cost rows for the general case: alternatives on both sides, and sclite's rounding of costs."""

import numpy as np

from voicelab.metrics.alternatives import NOTHING
from voicelab.metrics.lattice_band import band, has_one_length
from voicelab.metrics.lattice_costs import AlignmentSide, Arithmetic
from voicelab.metrics.lattice_rows import Costs, LatticeRow, RowStore, cut
from voicelab.metrics.word_matching import Matching, Vocabulary


class _Columns:
    """The words of the columns and their costs."""

    def __init__(self, side: AlignmentSide, matching: Matching, arithmetic: Arithmetic) -> None:
        lattice = side.lattice
        self.before = lattice.before
        self.arithmetic = arithmetic
        self.vocabulary = Vocabulary(lattice.words[1:], matching, of_reference=side.of_reference)
        known = self.vocabulary.numbers
        self.numbers = np.array([-1, *(known[word] for word in lattice.words[1:])])
        self.steps = np.array([0, *side.costs[1:]]).astype(arithmetic.kind)
        self.passed = np.cumsum(self.steps, dtype=arithmetic.kind)
        self.nothing = np.flatnonzero(self.numbers == known.get(NOTHING, -2))
        self.branching = [place for place, before in enumerate(lattice.before) if place and before != (place - 1,)]
        ends = [*self.branching, len(lattice.words)]
        self.runs = list(zip([0, *self.branching], ends, strict=True))

    def reached(self, costs: Costs, first: int) -> None:
        """Lower costs in place to the cost of passing the preceding columns. first: the column of costs[0]."""
        if not self.branching:
            self._along(costs, first, first + len(costs))
            return
        for start, end in self.runs:
            if start:
                left = min(float(costs[place]) for place in self.before[start])
                passed = self.arithmetic.rounded(left + float(self.steps[start]))
                costs[start] = min(float(costs[start]), passed)
            self._along(costs[start:end], start, end)

    def _along(self, costs: Costs, start: int, end: int) -> None:
        passed = self.passed[start:end]
        found = np.subtract(costs, passed)
        np.minimum.accumulate(found, out=found)
        found += passed
        if not self.arithmetic.exact:
            found = self._as_rounded_in_turn(costs, found, self.steps[start:end])
        costs[:] = found

    def _as_rounded_in_turn(self, costs: Costs, found: Costs, steps: Costs) -> Costs:
        """Round after each step. Rounding once at the end usually gives the same result, so that is tried first."""
        rounded = self.arithmetic.round_all(found)
        while True:
            expected = np.minimum(costs[1:], self.arithmetic.round_all(rounded[:-1] + steps[1:]))
            wrong = np.flatnonzero(expected != rounded[1:])
            if not len(wrong):
                return rounded
            rounded[wrong[0] + 1] = expected[wrong[0]]


class AnyRows(RowStore):
    """Computes the cells that can lie on a minimum-cost path, or all cells if the columns have alternatives."""

    def __init__(
        self, rows: AlignmentSide, columns: AlignmentSide, matching: Matching, arithmetic: Arithmetic, block_bytes: int
    ) -> None:
        self.arithmetic = arithmetic
        self._row_costs = [arithmetic.kind(cost) for cost in rows.costs]
        self._columns = _Columns(columns, matching, arithmetic)
        self._substitution = arithmetic.weights.substitution
        if has_one_length(columns.lattice):
            cells = band(rows.lattice, columns.lattice, arithmetic.weights, rows.cost, columns.cost)
        else:
            count = len(rows.lattice.words)
            cells = np.zeros(count, dtype=np.int64), np.full(count, len(columns.lattice.words), dtype=np.int64)
        super().__init__(rows.lattice, cells, block_bytes, arithmetic.kind().itemsize)

    def one_row(self, place: int, found: dict[int, LatticeRow]) -> LatticeRow:
        first, end = int(self.band[0][place]), int(self.band[1][place])
        costs = np.empty(end - first + 2, dtype=self.arithmetic.kind)
        costs[0] = costs[-1] = self.arithmetic.unreachable
        inner = costs[1:-1]
        if place:
            above = self._above([found[earlier] for earlier in self.rows.before[place]], first, end)
            self._paired(above, self.rows.words[place], first, end, inner)
            np.minimum(inner, self.arithmetic.round_all(above[1:] + self._row_costs[place]), out=inner)
        else:
            inner[:] = self.arithmetic.unreachable
            inner[0] = 0
        self._columns.reached(inner, first)
        return LatticeRow(first, end, costs)

    def _above(self, rows: list[LatticeRow], first: int, end: int) -> Costs:
        """Return the minimum cost in any of the rows, for the columns from first - 1 to end - 1."""
        found = cut(rows[0], first, end, self.arithmetic.unreachable)
        for row in rows[1:]:
            found = np.minimum(found, cut(row, first, end, self.arithmetic.unreachable))
        return found

    def _paired(self, above: Costs, word: str, first: int, end: int, out: Costs) -> None:
        """Compute the cost of aligning the row's word with each column's word."""
        before = above[:-1]
        if self._columns.branching:
            before = before.copy()
            for column in self._columns.branching:
                before[column] = min(above[place + 1] for place in self._columns.before[column])
        if word == NOTHING:
            out[:] = self.arithmetic.unreachable
            same = self._columns.nothing
            out[same] = self.arithmetic.round_all(before[same] + self.arithmetic.kind(1))
            return
        np.add(before, self.arithmetic.kind(self._substitution), out=out)
        for number in self._columns.vocabulary.partners(word):
            np.copyto(out, before, where=self._columns.numbers[first:end] == number)
        if len(self._columns.nothing):
            out[self._columns.nothing - first] = self.arithmetic.unreachable
        if not self.arithmetic.exact:
            out[:] = self.arithmetic.round_all(out)
