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
    """The interval of a quantile of the values (type 7, as metrics.latency); None with fewer than two clusters."""
    groups = clusters_of(keys)
    if len(groups) < 2:
        return None
    picks = np.random.default_rng(seed).integers(len(groups), size=(draws, len(groups)))
    drawn = np.zeros((draws, len(groups)), dtype=np.int64)
    np.add.at(drawn, (np.arange(draws)[:, None], picks), 1)
    array = np.asarray(values, dtype=np.float64)
    order = np.argsort(array)
    cluster_of = np.empty(len(array), dtype=np.intp)
    for number, group in enumerate(groups):
        cluster_of[group] = number
    # A resample is the sorted values, each as often as its cluster was drawn: shape (draws, values).
    reached = np.cumsum(drawn[:, cluster_of[order]], axis=1)
    return _percentile(_quantiles_of(array[order], reached, quantile), level, len(groups))


def _quantiles_of(values: Floats, reached: NDArray[np.int64], quantile: float) -> Floats:
    """The quantile of each resample. values: sorted. reached[draw, i]: how many of the resample are values[: i + 1]."""
    last = reached[:, -1] - 1
    place = last * quantile
    below = np.floor(place).astype(np.int64)
    low = values[(reached <= below[:, None]).sum(axis=1)]
    high = values[(reached <= np.minimum(below + 1, last)[:, None]).sum(axis=1)]
    return np.asarray(low + (high - low) * (place - below), dtype=np.float64)


def sums_interval(
    columns: Sequence[Sequence[float]],
    keys: Sequence[Hashable],
    statistic: Callable[[Floats], Floats],
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> Interval | None:
    """The interval of any statistic of summed counts, such as word information lost.

    columns: one sequence of counts per column, each as long as keys. statistic: sums of shape (draws, columns) ->
    estimates of shape (draws,), nan where they are not defined. None with fewer than two clusters, or nothing defined.
    """
    groups = clusters_of(keys)
    if len(groups) < 2:
        return None
    counts = np.asarray(columns, dtype=np.float64)
    by_cluster = np.array([counts[:, group].sum(axis=1) for group in groups])
    picks = np.random.default_rng(seed).integers(len(groups), size=(draws, len(groups)))
    with np.errstate(divide="ignore", invalid="ignore"):
        estimates = statistic(by_cluster[picks].sum(axis=1))
    defined = estimates[np.isfinite(estimates)]
    return _percentile(defined, level, len(groups)) if len(defined) else None


def _percentile(estimates: Floats, level: float, clusters: int) -> Interval:
    tail = (1 - level) / 2
    low, high = np.quantile(estimates, [tail, 1 - tail])
    return Interval(float(low), float(high), level, "percentile bootstrap", clusters)
