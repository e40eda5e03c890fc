"""Clusters of dependent observations, such as the turns of one speaker."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Groups = list[NDArray[np.intp]]


def clusters_of(keys: Sequence[Hashable]) -> Groups:
    """Return the positions of equal keys, one array per cluster, sorted by key.

    The sorting makes figures independent of the order of the input.
    """
    groups: dict[Hashable, list[int]] = {}
    for position, key in enumerate(keys):
        groups.setdefault(key, []).append(position)
    return [np.array(groups[key], dtype=np.intp) for key in sorted(groups, key=str)]


def summed(columns: Floats, groups: Groups) -> Floats:
    """Return the sums of each cluster. columns: shape (columns, positions); result: shape (clusters, columns)."""
    if not groups:
        return np.zeros((0, len(columns)))
    starts = np.cumsum([0, *(len(group) for group in groups[:-1])])
    sums = np.add.reduceat(columns[:, np.concatenate(groups)], starts, axis=1)
    return np.ascontiguousarray(sums.T, dtype=np.float64)


def effective_clusters(weights: Floats) -> float:
    """Return Kish's effective number of clusters, (sum w)^2 / sum w^2 (Kish 1965, section 8.2).

    Equals the number of clusters when all have the same weight, and is smaller otherwise: three speakers, one of whom
    spoke 90 % of the words, count as 1.2.
    """
    square = float((weights**2).sum())
    return float(weights.sum()) ** 2 / square if square > 0 else 0.0
