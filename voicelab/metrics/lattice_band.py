"""Restricts an alignment to the cells that can lie on a minimum-cost path.

A cell (row, column) is excluded only if every path through it costs more than a known alignment. No minimum-cost
alignment is lost, ties included (the cutoff of Ukkonen 1985, with bounds for alternatives).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from voicelab.metrics.alternatives import NOTHING, Lattice
from voicelab.metrics.weights import Weights
from voicelab.metrics.word_matching import bare, is_optional

Band = tuple[NDArray[np.int64], NDArray[np.int64]]
"""First column, and the one after the last column, of each row."""


def is_plain(lattice: Lattice) -> bool:
    """Whether the lattice has no alternatives."""
    return all(before == (place - 1,) for place, before in enumerate(lattice.before) if place)


def has_one_length(lattice: Lattice) -> bool:
    """Whether the lattice has no alternatives and no optional words."""
    return is_plain(lattice) and not lattice.has_nothing and not any(map(is_optional, set(lattice.words)))


def band(rows: Lattice, columns: Lattice, weights: Weights, row_cost: float, column_cost: float) -> Band:
    """Return the columns of each row that a minimum-cost path can visit. columns: a lattice of fixed length.

    row_cost, column_cost: cost of an unmatched word of a row or column.
    """
    limit = known_cost(rows, columns, weights, row_cost, column_cost)
    count = len(columns.words) - 1
    least, most = _words_up_to(rows)
    least_after, most_after = _words_after(rows)

    def too_far_right(column: NDArray[np.int64]) -> NDArray[np.bool_]:
        unpaired = np.maximum(column - most, 0) * column_cost
        return np.asarray(unpaired + np.maximum(column - (count - least_after), 0) * row_cost > limit)

    def too_far_left(column: NDArray[np.int64]) -> NDArray[np.bool_]:
        unpaired = np.maximum(least - column, 0) * row_cost
        return np.asarray(unpaired + np.maximum(count - column - most_after, 0) * column_cost > limit)

    first = _first_column(lambda column: ~too_far_left(column), len(least), count)
    end = _first_column(too_far_right, len(least), count + 1)
    return first, np.maximum(np.maximum(end, 1), first)


def _first_column(holds: Callable[[NDArray[np.int64]], NDArray[np.bool_]], rows: int, last: int) -> NDArray[np.int64]:
    """Return the column of each row from which on a condition holds, by bisection; at most `last`."""
    low, high = np.zeros(rows, dtype=np.int64), np.full(rows, last)
    for _ in range(last.bit_length()):
        middle = (low + high) // 2
        found = holds(middle)
        low, high = np.where(found, low, np.minimum(middle + 1, high)), np.where(found, middle, high)
    return low


def known_cost(rows: Lattice, columns: Lattice, weights: Weights, row_cost: float, column_cost: float) -> float:
    """Return an upper bound: the cost of aligning the alternative with the most words of the other side."""
    from rapidfuzz.distance import Levenshtein

    words = list(columns.words[1:])
    kinds = [edit.tag for edit in Levenshtein.editops(likely_wording(rows, frozenset(words)), words)]
    cost = kinds.count("delete") * row_cost + kinds.count("insert") * column_cost
    cost += kinds.count("replace") * weights.substitution
    # Sums of 32-bit rounded costs deviate slightly.
    return cost * (1 + 1e-5) + (rows.words.count(NOTHING) + 1) * (weights.nothing + 1e-6)


def likely_wording(lattice: Lattice, vocabulary: frozenset[str]) -> list[str]:
    """Return the words of the path with the most words in the vocabulary and the fewest others."""
    worth = [0] * len(lattice.words)
    came = [0] * len(lattice.words)
    gains = {word: 1 if bare(word) in vocabulary else -1 for word in set(lattice.words)} | {NOTHING: 0}
    for place, word in enumerate(lattice.words):
        if not place:
            continue
        before = lattice.before[place]
        came[place] = before[0] if len(before) == 1 else max(before, key=worth.__getitem__)
        worth[place] = worth[came[place]] + gains[word]
    place, words = max(lattice.last, key=worth.__getitem__), list[str]()
    while place:
        if lattice.words[place] != NOTHING:
            words.append(bare(lattice.words[place]))
        place = came[place]
    return words[::-1]


def _words_up_to(lattice: Lattice) -> Band:
    """Return the minimum and maximum number of words from the start through each word."""
    least, most = [0], [0]
    lengths = {word: _length(word) for word in set(lattice.words)}
    for word, before in zip(lattice.words[1:], lattice.before[1:], strict=True):
        few, many = lengths[word]
        if len(before) == 1:
            least.append(least[before[0]] + few)
            most.append(most[before[0]] + many)
            continue
        least.append(min(least[place] for place in before) + few)
        most.append(max(most[place] for place in before) + many)
    return np.array(least), np.array(most)


def _words_after(lattice: Lattice) -> Band:
    """Return the minimum and maximum number of words from after each word to the end."""
    count = len(lattice.words)
    least: list[int] = [count] * count
    most: list[int] = [-1] * count
    lengths = {word: _length(word) for word in set(lattice.words)}
    for place in lattice.last:
        least[place] = most[place] = 0
    for place in range(count - 1, 0, -1):
        few, many = lengths[lattice.words[place]]
        for before in lattice.before[place]:
            least[before] = min(least[before], least[place] + few)
            most[before] = max(most[before], most[place] + many)
    return np.array(least), np.array(most)


def _length(word: str) -> tuple[int, int]:
    """Return the minimum and maximum number of words of the other side that a word matches."""
    if word == NOTHING:
        return 0, 0
    return (0, 1) if is_optional(word) else (1, 1)
