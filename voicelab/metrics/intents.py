"""Intents: how often the agent understood what was wanted, and what it took it for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IntentCounts:
    """Right answers among all; they add with `+`."""

    turns: int = 0
    right: int = 0

    def __add__(self, other: IntentCounts) -> IntentCounts:
        return IntentCounts(self.turns + other.turns, self.right + other.right)

    @property
    def accuracy(self) -> float | None:
        return self.right / self.turns if self.turns else None


def confusion(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Expected intent -> recognized intent -> how often, from (expected, recognized) pairs, sorted by name."""
    tally = Counter(pairs)
    expected = sorted({pair[0] for pair in tally})
    recognized = sorted({pair[1] for pair in tally})
    return {row: {column: tally[row, column] for column in recognized} for row in expected}
