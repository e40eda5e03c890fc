"""Rows of costs, computed a block at a time, so that memory does not grow with the product of two texts' lengths."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.metrics.alternatives import Lattice
from voicelab.metrics.lattice_band import Band

Costs = NDArray[Any]


@dataclass(slots=True)
class Row:
    """Costs of the columns first to end - 1, with an unreachable cell on either side.

    The cost of a column is what `costs` holds for it, plus slope times the column, plus base.
    """

    first: int
    end: int
    costs: Costs
    slope: int = 0
    base: int = 0

    def at(self, column: int) -> float:
        """The cost of the cheapest alignment up to this row's word and that column's."""
        if not self.first <= column < self.end:
            return inf
        return float(self.costs[column - self.first + 1]) + self.slope * column + self.base


class RowStore(ABC):
    """The rows of a lattice, asked for from the last to the first.

    On the way forward only the rows that the next block needs are kept; a block's rows are computed again when one of
    them is asked for (the idea of Hirschberg 1975).
    """

    def __init__(self, rows: Lattice, band: Band, block_bytes: int, cell_bytes: int) -> None:
        self.rows, self.band = rows, band
        self._last_use = _last_uses(rows)
        self._blocks = list(_blocks(band, block_bytes // cell_bytes))
        self._kept: list[dict[int, Row]] = [{}]
        for start, end in self._blocks[:-1]:
            self._kept.append(self._computed(start, end, self._kept[-1], keep=False))
        self._found = self._computed(*self._blocks[-1], self._kept[-1], keep=True)
        self._block = len(self._blocks) - 1

    @abstractmethod
    def one_row(self, place: int, found: dict[int, Row]) -> Row:
        """The row of a word, from the rows of the words before it."""

    def row(self, place: int) -> Row:
        while place not in self._found:
            self._block -= 1
            start, end = self._blocks[self._block]
            self._found = self._computed(start, end, self._kept[self._block], keep=True)
        return self._found[place]

    def _computed(self, start: int, end: int, before: dict[int, Row], *, keep: bool) -> dict[int, Row]:
        """The rows from start to end - 1, and those before them; unless `keep`, only those that are needed later."""
        found = dict(before)
        for place in range(start, end):
            found[place] = self.one_row(place, found)
            if not keep:
                for earlier in self.rows.before[place]:
                    if self._last_use[earlier] == place:
                        found.pop(earlier, None)
        return found


def cut(row: Row, first: int, end: int, unreachable: Any) -> Costs:
    """A row's costs of the columns from first - 1 to end - 1."""
    offset = first - row.first
    if offset >= 0 and end <= row.end + 1:
        return row.costs[offset : offset + end - first + 1]
    found: Costs = np.full(end - first + 1, unreachable, dtype=row.costs.dtype)
    low, high = max(first - 1, row.first), min(end, row.end)
    if low < high:
        found[low - first + 1 : high - first + 1] = row.costs[low - row.first + 1 : high - row.first + 1]
    return found


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
