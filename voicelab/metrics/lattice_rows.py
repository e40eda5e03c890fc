"""Rows of costs, computed a block at a time, so that memory does not grow with the product of two texts' lengths."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.metrics.alternatives import Lattice
from voicelab.metrics.lattice_band import Band

Costs = NDArray[Any]

_LARGEST_16 = 2**15 - 1


@dataclass(slots=True)
class LatticeRow:
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

    def compact(self) -> None:
        """Keep the costs in 16 bits. They must not rise along the row, and those that can be reached span 30,000."""
        if len(self.costs) > 2:
            least = int(self.costs[-2])
            self.costs = np.minimum(self.costs - least, _LARGEST_16).astype(np.int16)
            self.base += least


class RowStore(ABC):
    """The rows of a lattice, asked for from the last to the first.

    On the way forward only the rows that the next block needs are kept; a block's rows are computed again when one of
    them is asked for (the idea of Hirschberg 1975).
    """

    def __init__(self, rows: Lattice, band: Band, block_bytes: int, cell_bytes: int, *, compact: bool = False) -> None:
        self.rows, self.band, self._compact = rows, band, compact
        self._last_use = _last_uses(rows)
        self._blocks = _blocks(band, block_bytes // (2 if compact else cell_bytes))
        self._kept: list[dict[int, LatticeRow]] = [{}]
        for start, end in self._blocks[:-1]:
            self._kept.append(self._computed(start, end, self._kept[-1], keep=False))
        self._found = self._computed(*self._blocks[-1], self._kept[-1], keep=True)
        self._block = len(self._blocks) - 1

    @abstractmethod
    def one_row(self, place: int, found: dict[int, LatticeRow]) -> LatticeRow:
        """The row of a word, from the rows of the words before it."""

    def row(self, place: int) -> LatticeRow:
        while place not in self._found:
            self._block -= 1
            start, end = self._blocks[self._block]
            self._found = self._computed(start, end, self._kept[self._block], keep=True)
        return self._found[place]

    def _computed(self, start: int, end: int, before: dict[int, LatticeRow], *, keep: bool) -> dict[int, LatticeRow]:
        """The rows from start to end - 1, and those before them; unless `keep`, only those that are needed later."""
        found = dict(before)
        for place in range(start, end):
            found[place] = self.one_row(place, found)
            for earlier in self.rows.before[place]:
                if self._last_use[earlier] != place:
                    continue
                if not keep:
                    found.pop(earlier, None)
                elif self._compact and earlier >= start:
                    found[earlier].compact()
        return found


def cut(row: LatticeRow, first: int, end: int, unreachable: Any) -> Costs:
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


def _blocks(cells: Band, most: int) -> list[tuple[int, int]]:
    """Stretches of rows with no more than `most` cells each, and at least one row.

    They are cut from the end, so that the last one, which is computed only once, is full.
    """
    widths = (cells[1] - cells[0] + 2).tolist()
    blocks, end, total = list[tuple[int, int]](), len(widths), 0
    for place in range(len(widths) - 1, -1, -1):
        if total + widths[place] > most and place + 1 < end:
            blocks.append((place + 1, end))
            end, total = place + 1, 0
        total += widths[place]
    return [*reversed([*blocks, (0, end)])]
