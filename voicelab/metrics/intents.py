"""Confusion of intents."""

from collections import Counter
from collections.abc import Iterable


def confusion(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Return expected intent -> recognized intent -> count from (expected, recognized) pairs, sorted by name."""
    tally = Counter(pairs)
    expected = sorted({pair[0] for pair in tally})
    recognized = sorted({pair[1] for pair in tally})
    return {row: {column: tally[row, column] for column in recognized} for row in expected}
