"""Intent accuracy and confusion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IntentCounts:
    """Numbers of correct and of all intents; supports `+`."""

    turns: int = 0
    right: int = 0

    def __add__(self, other: IntentCounts) -> IntentCounts:
        return IntentCounts(self.turns + other.turns, self.right + other.right)

    @property
    def accuracy(self) -> float | None:
        return self.right / self.turns if self.turns else None


def confusion(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Return expected intent -> recognized intent -> count from (expected, recognized) pairs, sorted by name."""
    tally = Counter(pairs)
    expected = sorted({pair[0] for pair in tally})
    recognized = sorted({pair[1] for pair in tally})
    return {row: {column: tally[row, column] for column in recognized} for row in expected}
