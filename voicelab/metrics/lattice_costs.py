"""How costs add in an alignment, and what the words of either side cost."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from voicelab.metrics.alternatives import NOTHING, Lattice
from voicelab.metrics.lattice_rows import Costs
from voicelab.metrics.weights import Weights

_LARGEST = 2**28


@dataclass(frozen=True, slots=True)
class Side:
    """A lattice, and the cost of each of its words when it is paired with none. cost: that of a real word."""

    lattice: Lattice
    cost: float
    costs: tuple[float, ...]

    @classmethod
    def of(cls, lattice: Lattice, cost: float, nothing: float) -> Side:
        return cls(lattice, cost, tuple(nothing if word == NOTHING else cost for word in lattice.words))


class Arithmetic:
    """How costs add: exactly in whole numbers or, as sclite adds thousandths, rounded to 32 bits at every step."""

    def __init__(self, weights: Weights, words: int, *, exact: bool) -> None:
        costs = (weights.substitution, weights.insertion, weights.deletion, weights.nothing)
        whole = exact and all(float(cost).is_integer() for cost in costs)
        small = max(costs) * (words + 2) < _LARGEST
        self.exact, self.whole = exact, whole
        self.kind: Any = (np.int32 if small else np.int64) if whole else np.float64
        self.unreachable: Any = 4 * _LARGEST if self.kind is np.int32 else 2**60 if whole else inf

    def rounded(self, value: float) -> float:
        return value if self.exact else float(np.float32(value))

    def round_all(self, costs: Costs) -> Costs:
        return costs if self.exact else costs.astype(np.float32).astype(np.float64)
