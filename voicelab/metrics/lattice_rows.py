"""Cost rows computed in blocks, so that memory does not grow with the product of the text lengths."""

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

    The cost of a column is `costs` at that column, plus slope times the column, plus base.
    """

    first: int
    end: int
    costs: Costs
    slope: int = 0
    base: int = 0

    def at(self, column: int) -> float:
        """Return the minimum cost of aligning up to this row's word and that column's word."""
        if not self.first <= column < self.end:
            return inf
        return float(self.costs[column - self.first + 1]) + self.slope * column + self.base

    def compact(self) -> None:
        """Store the costs in 16 bits. They must not increase along the row; reachable ones span at most 30,000."""
        if len(self.costs) > 2:
            least = int(self.costs[-2])
            self.costs = np.minimum(self.costs - least, _LARGEST_16).astype(np.int16)
            self.base += least


class RowStore(ABC):
    """The rows of a lattice, accessed from last to first.

    The forward pass keeps only the rows needed for the next block; the rows of a block are recomputed on access (after
    Hirschberg 1975). compact: whether cells that do not fit otherwise may be stored in 16 bits.
    """

    def __init__(self, rows: Lattice, band: Band, block_bytes: int, cell_bytes: int, *, compact: bool = False) -> None:
        self.rows, self.band = rows, band
        self._last_use = _last_uses(rows)
        self._compact = compact and int((band[1] - band[0] + 2).sum()) * cell_bytes > block_bytes
        self._blocks = _blocks(band, block_bytes // (2 if self._compact else cell_bytes))
        self._kept: list[dict[int, LatticeRow]] = [{}]
        for start, end in self._blocks[:-1]:
            self._kept.append(self._computed(start, end, self._kept[-1], keep=False))
        self._found = self._computed(*self._blocks[-1], self._kept[-1], keep=True)
        self._block = len(self._blocks) - 1

    @abstractmethod
    def one_row(self, place: int, found: dict[int, LatticeRow]) -> LatticeRow:
        """Compute the row of a word from the rows of its predecessors."""

    def row(self, place: int) -> LatticeRow:
        while place not in self._found:
            self._block -= 1
            start, end = self._blocks[self._block]
            self._found = self._computed(start, end, self._kept[self._block], keep=True)
        return self._found[place]

    def _computed(self, start: int, end: int, before: dict[int, LatticeRow], *, keep: bool) -> dict[int, LatticeRow]:
        """Compute the rows from start to end - 1; unless `keep`, return only those needed later."""
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
    """Return a row's costs for the columns from first - 1 to end - 1."""
    offset = first - row.first
    if offset >= 0 and end <= row.end + 1:
        return row.costs[offset : offset + end - first + 1]
    found: Costs = np.full(end - first + 1, unreachable, dtype=row.costs.dtype)
    low, high = max(first - 1, row.first), min(end, row.end)
    if low < high:
        found[low - first + 1 : high - first + 1] = row.costs[low - row.first + 1 : high - row.first + 1]
    return found


def _last_uses(rows: Lattice) -> list[int]:
    """Return the position of the last successor of each word; past the end for words that may end the text."""
    uses = [0] * len(rows.words)
    for place, before in enumerate(rows.before):
        for earlier in before:
            uses[earlier] = place
    for place in rows.last:
        uses[place] = len(rows.words)
    return uses


def _blocks(cells: Band, most: int) -> list[tuple[int, int]]:
    """Split the rows into blocks of at most `most` cells, with at least one row each.

    Blocks are formed from the end, so that the last one, which is computed only once, is full.
    """
    widths = (cells[1] - cells[0] + 2).tolist()
    blocks, end, total = list[tuple[int, int]](), len(widths), 0
    for place in range(len(widths) - 1, -1, -1):
        if total + widths[place] > most and place + 1 < end:
            blocks.append((place + 1, end))
            end, total = place + 1, 0
        total += widths[place]
    return [*reversed([*blocks, (0, end)])]
