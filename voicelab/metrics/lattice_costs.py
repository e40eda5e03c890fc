"""Cost arithmetic of alignments, and the costs of unmatched words."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from voicelab.metrics.alternatives import NOTHING, Lattice
from voicelab.metrics.lattice_rows import Costs
from voicelab.metrics.weights import Weights
from voicelab.metrics.word_matching import is_optional

_LARGEST = 2**28


@dataclass(frozen=True, slots=True)
class AlignmentSide:
    """A lattice and the cost of each word when unmatched. cost: that of a real word."""

    lattice: Lattice
    cost: float
    costs: tuple[float, ...]
    of_reference: bool

    @classmethod
    def of(cls, lattice: Lattice, weights: Weights, nothing: float, *, of_reference: bool) -> AlignmentSide:
        """Create a side. nothing: the cost of `@`, rounded like other costs."""
        cost = weights.deletion if of_reference else weights.insertion
        costs = {word: weights.optional if is_optional(word) else cost for word in set(lattice.words)}
        costs[NOTHING] = nothing
        return cls(lattice, cost, tuple(costs[word] for word in lattice.words), of_reference)


class Arithmetic:
    """Adds costs: exactly as integers, or in thousandths with 32-bit rounding at every step like sclite."""

    def __init__(self, weights: Weights, words: int, *, exact: bool) -> None:
        costs = (weights.substitution, weights.insertion, weights.deletion, weights.nothing, weights.optional)
        whole = exact and all(float(cost).is_integer() for cost in costs)
        small = max(costs) * (words + 2) < _LARGEST
        self.weights, self.exact, self.whole = weights, exact, whole
        self.kind: Any = (np.int32 if small else np.int64) if whole else np.float64
        self.unreachable: Any = 4 * _LARGEST if self.kind is np.int32 else 2**60 if whole else inf

    def rounded(self, value: float) -> float:
        return value if self.exact else float(np.float32(value))

    def round_all(self, costs: Costs) -> Costs:
        return costs if self.exact else costs.astype(np.float32).astype(np.float64)
