"""How sure a figure is: percentile bootstrap over clusters that belong together (Efron & Tibshirani 1993, chapter 13).

Where the set names speakers, whole speakers are drawn, because the samples of one speaker are alike; else samples.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval (or at `level`), and what it was made from."""

    low: float
    high: float
    level: float
    method: str
    clusters: int


def clusters_of(keys: Sequence[Hashable]) -> list[NDArray[np.intp]]:
    """The positions of equal keys together, in order of first appearance."""
    groups: dict[Hashable, list[int]] = {}
    for position, key in enumerate(keys):
        groups.setdefault(key, []).append(position)
    return [np.array(group, dtype=np.intp) for group in groups.values()]


def ratio_interval(
    numerators: Sequence[float],
    denominators: Sequence[float],
    keys: Sequence[Hashable],
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> Interval | None:
    """The interval of sum(numerators) / sum(denominators), for rates of counts; keys name each position's cluster.

    None with fewer than two clusters, or when nothing can be divided by.
    """
    groups = clusters_of(keys)
    above = np.array([np.sum(np.asarray(numerators, dtype=np.float64)[group]) for group in groups])
    below = np.array([np.sum(np.asarray(denominators, dtype=np.float64)[group]) for group in groups])
    if len(groups) < 2 or not below.sum():
        return None
    picks = np.random.default_rng(seed).integers(len(groups), size=(draws, len(groups)))
    bottoms = below[picks].sum(axis=1)
    rates = above[picks].sum(axis=1)[bottoms > 0] / bottoms[bottoms > 0]
    return _percentile(rates, level, len(groups))


def quantile_interval(
    values: Sequence[float],
    keys: Sequence[Hashable],
    quantile: float,
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> Interval | None:
    """The interval of a quantile of the values; None with fewer than two clusters."""
    return _statistic_interval(values, keys, lambda drawn: float(np.quantile(drawn, quantile)), seed, draws, level)


def _statistic_interval(
    values: Sequence[float],
    keys: Sequence[Hashable],
    statistic: Callable[[Floats], float],
    seed: int,
    draws: int,
    level: float,
) -> Interval | None:
    groups = clusters_of(keys)
    if len(groups) < 2:
        return None
    array = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(seed)
    estimates = np.array(
        [
            statistic(array[np.concatenate([groups[pick] for pick in rng.integers(len(groups), size=len(groups))])])
            for _ in range(draws)
        ]
    )
    return _percentile(estimates, level, len(groups))


def _percentile(estimates: Floats, level: float, clusters: int) -> Interval:
    tail = (1 - level) / 2
    low, high = np.quantile(estimates, [tail, 1 - tail])
    return Interval(float(low), float(high), level, "percentile bootstrap", clusters)
