"""The cheapest alignment of two texts that may each allow several wordings.

Dynamic programming over the words of one side, a row of costs for each, with the other side's words as columns. Rows
are NumPy arrays over the cells that can lie on a cheapest path. Memory is bounded: long texts keep a row in every block
and compute the rows of a block again on the way back (the idea of Hirschberg 1975). The step into a cell is chosen on
the way back, from the costs around it, so ties fall as in sclite.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from voicelab.metrics.alternatives import NOTHING, Lattice
from voicelab.metrics.lattice_band import Band, band, is_plain, whole_band
from voicelab.metrics.weights import Weights
from voicelab.metrics.words import Operation, Step

Costs = NDArray[Any]
BLOCK_CELLS = 8_000_000
"""The most cells whose costs are kept at once."""
_LARGEST_32 = 2**29


def align_lattices(
    reference: Lattice, hypothesis: Lattice, weights: Weights, *, block_cells: int = BLOCK_CELLS
) -> tuple[Step, ...]:
    """The cheapest alignment of any wording of the one with any wording of the other; `@` takes no step.

    block_cells: how many cells' costs are kept at once; the alignment does not depend on it.
    """
    # Rows may hold several wordings at little cost, columns only at some: the side with one wording has the columns.
    swapped = is_plain(reference) and not is_plain(hypothesis)
    rows, columns = (hypothesis, reference) if swapped else (reference, hypothesis)
    return _Traceback(reference, hypothesis, weights, _Table(rows, columns, weights, swapped, block_cells)).steps()


@dataclass(slots=True)
class _Row:
    """Costs of the columns first to end - 1, with an unreachable cell on either side."""

    first: int
    end: int
    costs: Costs

    def at(self, column: int) -> float:
        inside = self.first <= column < self.end
        return float(self.costs[column - self.first + 1]) if inside else inf


class _Arithmetic:
    """How costs add: exactly in whole numbers or, as sclite adds thousandths, rounded to 32 bits at every step."""

    def __init__(self, weights: Weights, words: int, *, exact: bool) -> None:
        costs = (weights.substitution, weights.insertion, weights.deletion, weights.nothing)
        whole = exact and all(float(cost).is_integer() for cost in costs)
        small = max(costs) * (words + 2) < _LARGEST_32
        self.exact = exact
        self.kind: Any = (np.int32 if small else np.int64) if whole else np.float64
        self.unreachable: Any = 2 * _LARGEST_32 if self.kind is np.int32 else 2**60 if whole else inf

    def rounded(self, value: float) -> float:
        return value if self.exact else float(np.float32(value))

    def round_all(self, costs: Costs) -> Costs:
        return costs if self.exact else costs.astype(np.float32).astype(np.float64)


class _Columns:
    """The words that columns stand for, and what it costs to pass them."""

    def __init__(self, lattice: Lattice, cost: float, nothing: float, arithmetic: _Arithmetic) -> None:
        self.before = lattice.before
        self.arithmetic = arithmetic
        self.number = {word: number for number, word in enumerate(dict.fromkeys(lattice.words[1:]))}
        self.numbers = np.array([-1, *(self.number[word] for word in lattice.words[1:])])
        self.steps = np.array([0, *(nothing if word == NOTHING else cost for word in lattice.words[1:])])
        self.steps = self.steps.astype(arithmetic.kind)
        self.passed = np.cumsum(self.steps, dtype=arithmetic.kind)
        self.nothing = np.flatnonzero(self.numbers == self.number.get(NOTHING, -2))
        self.branching = [place for place, before in enumerate(lattice.before) if place and before != (place - 1,)]
        ends = [*self.branching, len(lattice.words)]
        self.runs = list(zip([0, *self.branching], ends, strict=True))

    def reached(self, costs: Costs, first: int) -> None:
        """Lower costs, in place, to what passing the columns before them costs. first: the column of costs[0]."""
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
        """Round after each step. Rounding once at the end is nearly always the same, so that is tried first."""
        rounded = self.arithmetic.round_all(found)
        while True:
            expected = np.minimum(costs[1:], self.arithmetic.round_all(rounded[:-1] + steps[1:]))
            wrong = np.flatnonzero(expected != rounded[1:])
            if not len(wrong):
                return rounded
            rounded[wrong[0] + 1] = expected[wrong[0]]


class _Table:
    """The rows of costs, computed a block at a time."""

    def __init__(self, rows: Lattice, columns: Lattice, weights: Weights, swapped: bool, block_cells: int) -> None:
        exact = not (weights.nothing and (rows.has_nothing or columns.has_nothing))
        self.swapped = swapped
        self.arithmetic = _Arithmetic(weights, len(rows.words) + len(columns.words), exact=exact)
        row_cost, column_cost = weights.deletion, weights.insertion
        if swapped:
            row_cost, column_cost = column_cost, row_cost
        nothing = self.arithmetic.rounded(weights.nothing)
        self._rows = rows
        self._row_costs = [nothing if word == NOTHING else row_cost for word in rows.words]
        self._columns = _Columns(columns, column_cost, nothing, self.arithmetic)
        self._substitution = weights.substitution
        narrow = is_plain(columns) and not columns.has_nothing
        self._band: Band = band(rows, columns, weights, row_cost, column_cost) if narrow else whole_band(rows, columns)
        self._last_use = _last_uses(rows)
        self._blocks = list(_blocks(self._band, block_cells))
        self._kept: list[dict[int, _Row]] = [{}]
        self._found = self._forward()
        self._block = len(self._blocks) - 1

    def row(self, place: int) -> _Row:
        """A row of costs; rows are asked for from the last to the first."""
        while place not in self._found:
            self._block -= 1
            start, end = self._blocks[self._block]
            self._found = self._computed(start, end, self._kept[self._block], keep=True)
        return self._found[place]

    def _forward(self) -> dict[int, _Row]:
        for start, end in self._blocks[:-1]:
            self._kept.append(self._computed(start, end, self._kept[-1], keep=False))
        return self._computed(*self._blocks[-1], self._kept[-1], keep=True)

    def _computed(self, start: int, end: int, before: dict[int, _Row], *, keep: bool) -> dict[int, _Row]:
        """The rows from start to end - 1, and those before them; unless `keep`, only those that are needed later."""
        found = dict(before)
        for place in range(start, end):
            found[place] = self._one_row(place, found)
            if not keep:
                for earlier in self._rows.before[place]:
                    if self._last_use[earlier] == place:
                        found.pop(earlier, None)
        return found

    def _one_row(self, place: int, found: dict[int, _Row]) -> _Row:
        first, end = int(self._band[0][place]), int(self._band[1][place])
        costs = np.empty(end - first + 2, dtype=self.arithmetic.kind)
        costs[0] = costs[-1] = self.arithmetic.unreachable
        inner = costs[1:-1]
        if place:
            above = self._above([found[earlier] for earlier in self._rows.before[place]], first, end)
            self._paired(above, self._rows.words[place], first, end, inner)
            np.minimum(inner, self.arithmetic.round_all(above[1:] + self._row_cost(place)), out=inner)
        else:
            inner[:] = self.arithmetic.unreachable
            inner[0] = 0
        self._columns.reached(inner, first)
        return _Row(first, end, costs)

    def _row_cost(self, place: int) -> Any:
        return self.arithmetic.kind(self._row_costs[place])

    def _above(self, rows: list[_Row], first: int, end: int) -> Costs:
        """The least cost in any of the rows, of the columns from first - 1 to end - 1."""
        found = self._cut(rows[0], first, end)
        for row in rows[1:]:
            found = np.minimum(found, self._cut(row, first, end))
        return found

    def _cut(self, row: _Row, first: int, end: int) -> Costs:
        offset = first - row.first
        if offset >= 0 and end <= row.end + 1:
            return row.costs[offset : offset + end - first + 1]
        found = np.full(end - first + 1, self.arithmetic.unreachable, dtype=self.arithmetic.kind)
        low, high = max(first - 1, row.first), min(end, row.end)
        if low < high:
            found[low - first + 1 : high - first + 1] = row.costs[low - row.first + 1 : high - row.first + 1]
        return found

    def _paired(self, above: Costs, word: str, first: int, end: int, out: Costs) -> None:
        """The cost of setting the row's word beside each column's."""
        before = above[:-1]
        if self._columns.branching:
            before = before.copy()
            for column in self._columns.branching:
                before[column] = min(above[place + 1] for place in self._columns.before[column])
        number = self._columns.number.get(word)
        if word == NOTHING:
            out[:] = self.arithmetic.unreachable
            same = self._columns.nothing
            out[same] = self.arithmetic.round_all(before[same] + self.arithmetic.kind(1))
            return
        np.add(before, self.arithmetic.kind(self._substitution), out=out)
        if number is not None:
            np.copyto(out, before, where=self._columns.numbers[first:end] == number)
        if len(self._columns.nothing):
            out[self._columns.nothing - first] = self.arithmetic.unreachable
        if not self.arithmetic.exact:
            out[:] = self.arithmetic.round_all(out)


def _last_uses(rows: Lattice) -> list[int]:
    """The place of the last word that each word may stand before; beyond all, for words that may end the text."""
    uses = [0] * len(rows.words)
    for place, before in enumerate(rows.before):
        for earlier in before:
            uses[earlier] = place
    for place in rows.last:
        uses[place] = len(rows.words)
    return uses


def _blocks(cells: Band, most: int) -> Iterator[tuple[int, int]]:
    """Stretches of rows with no more than `most` cells each, and at least one row."""
    widths = (cells[1] - cells[0] + 2).tolist()
    start, total = 0, 0
    for place, width in enumerate(widths):
        if total + width > most and place > start:
            yield start, place
            start, total = place, 0
        total += width
    yield start, len(widths)


_Place = TypeVar("_Place")


def _first_least(places: Sequence[_Place], costs: Sequence[float]) -> _Place:
    return places[0] if len(places) == 1 else places[costs.index(min(costs))]


class _Traceback:
    """The way back through the costs, from the end of both texts to their start."""

    def __init__(self, reference: Lattice, hypothesis: Lattice, weights: Weights, table: _Table) -> None:
        self._reference, self._hypothesis, self._weights, self._table = reference, hypothesis, weights, table
        self._rounded = table.arithmetic.rounded
        self._nothing = self._rounded(weights.nothing)

    def steps(self) -> tuple[Step, ...]:
        ends = [(one, other) for one in self._reference.last for other in self._hypothesis.last]
        i, j = _first_least(ends, [self._cost(*end) for end in ends])
        steps: list[Step] = []
        while i or j:
            before = self._before(i, j)
            mine = self._reference.words[i] if before[0] != i else None
            other = self._hypothesis.words[j] if before[1] != j else None
            if (mine is not None and other is not None) or (mine or other) != NOTHING:
                steps.append(step_of(mine, other))
            i, j = before
        return tuple(reversed(steps))

    def _cost(self, i: int, j: int) -> float:
        return self._table.row(j).at(i) if self._table.swapped else self._table.row(i).at(j)

    def _before(self, i: int, j: int) -> tuple[int, int]:
        """The cell that the best alignment up to (i, j) came from."""
        cost, left, above = self._cost, self._hypothesis.before[j], self._reference.before[i]
        if not i:
            return 0, _first_least(left, [cost(0, place) for place in left])
        over = _first_least(above, [cost(place, j) for place in above])
        if not j:
            return over, 0
        word, other = self._reference.words[i], self._hypothesis.words[j]
        at = _first_least(left, [cost(i, place) for place in left])
        inserted = self._rounded(cost(i, at) + (self._nothing if other == NOTHING else self._weights.insertion))
        deleted = self._rounded(cost(over, j) + (self._nothing if word == NOTHING else self._weights.deletion))
        places = [(mine, yours) for mine in above for yours in left]
        pair = _first_least(places, [cost(*place) for place in places])
        paired = self._rounded(cost(*pair) + _pair_cost(word, other, self._weights))
        if paired <= deleted and paired <= inserted:
            return pair
        return (over, j) if deleted < inserted else (i, at)


def _pair_cost(word: str, other: str, weights: Weights) -> float:
    """What it costs to set two words side by side; the empty wording pairs with no word."""
    if word == other:
        return 1.0 if word == NOTHING else 0.0
    return inf if NOTHING in (word, other) else weights.substitution


def step_of(reference: str | None, hypothesis: str | None) -> Step:
    """The step that sets two words side by side, or one beside nothing."""
    operation: Operation = "insert" if reference is None else "delete"
    if reference is not None and hypothesis is not None:
        operation = "equal" if reference == hypothesis else "substitute"
    return Step(operation, reference, hypothesis)
