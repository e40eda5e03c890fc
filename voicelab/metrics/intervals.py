"""How sure a figure is: intervals over clusters that belong together.

Where the set names speakers, whole speakers are resampled, because the samples of one speaker are alike; else
conversations, or samples. The default method depends on how many clusters there are (docs/sureness.md, with the
measured coverage): BCa bootstrap from `FEW` clusters on, a jackknife with Student's t below that, and where every
part is 0, or every part is its whole, the exact binomial bound. A method that is not defined for the data gives way to
the percentile bootstrap. `Interval.method` says what was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from voicelab.metrics.latency import interval_supported
from voicelab.metrics.resampling import (
    Ends,
    Floats,
    bca,
    design_effect,
    jackknife_error,
    of_nothing_seen,
    on_log_scale,
    order_statistics,
    percentile,
    resampled,
    t_quantile,
    wide_normal,
    without_each,
)

__all__ = [
    "FEW", "PERCENTILE", "Floats", "Interval", "Method", "clusters_of", "quantile_interval", "ratio_interval",
    "sums_interval",
]  # fmt: skip

FEW = 10
"""With fewer clusters a bootstrap is too narrow, whatever its correction: see tests/test_coverage.py."""

Method = Literal["auto", "bca", "percentile"]
BCA, PERCENTILE = "BCa bootstrap", "percentile bootstrap"
JACKKNIFE, EXACT, ORDER = "jackknife t", "exact binomial", "order statistics"


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval (or at `level`), and what it was made from."""

    low: float
    high: float
    level: float
    method: str
    clusters: int


def clusters_of(keys: Sequence[Hashable]) -> list[NDArray[np.intp]]:
    """The positions of equal keys together, ordered by key, so that the order of the positions changes nothing."""
    groups: dict[Hashable, list[int]] = {}
    for position, key in enumerate(keys):
        groups.setdefault(key, []).append(position)
    return [np.array(groups[key], dtype=np.intp) for key in sorted(groups, key=str)]


def ratio_interval(
    numerators: Sequence[float],
    denominators: Sequence[float],
    keys: Sequence[Hashable],
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
    method: Method = "auto",
) -> Interval | None:
    """The interval of sum(numerators) / sum(denominators), for rates of counts; keys name each position's cluster.

    None with fewer than two clusters, or when nothing can be divided by. Where no position has any part, or each has
    all of it, the resamples are all alike; the end that they do not show is then the exact binomial bound of the share
    of positions that have any, taken as independent (as for proportions of 0 and 1 in Parker et al. 2017, the NCHS
    standards).
    """
    groups = clusters_of(keys)
    columns = np.asarray([numerators, denominators], dtype=np.float64)
    if len(groups) < 2 or not columns[1].sum():
        return None
    counted = columns[:, columns[1] > 0]
    if method == "auto" and (counted[0] == 0).all() and not columns[0].any():
        return Interval(0.0, of_nothing_seen(counted.shape[1], level), level, EXACT, len(groups))
    if method == "auto" and (columns[0] == columns[1]).all():
        return Interval(1 - of_nothing_seen(counted.shape[1], level), 1.0, level, EXACT, len(groups))
    sums = _summed(columns, groups)
    if method == "auto" and len(groups) < FEW:
        value, left = float(_ratio(sums.sum(axis=0, keepdims=True))[0]), without_each(sums, _ratio)
        share = bool((columns[0] <= columns[1]).all()) and value < 1
        if np.isfinite(left).all() and value > 0:
            ends = on_log_scale(value, jackknife_error(left), t_quantile(level, len(groups)), share=share)
            return Interval(*ends, level, JACKKNIFE, len(groups))
    return _of_sums(sums, _ratio, seed=seed, draws=draws, level=level, method=method)


def sums_interval(
    columns: Sequence[Sequence[float]],
    keys: Sequence[Hashable],
    statistic: Callable[[Floats], Floats],
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
    method: Method = "auto",
    least: float = -np.inf,
    most: float = np.inf,
) -> Interval | None:
    """The interval of any statistic of summed counts, such as word information lost.

    columns: one sequence of counts per column, each as long as keys. statistic: sums of shape (draws, columns) ->
    estimates of shape (draws,), nan where they are not defined. least, most: the interval is cut off where the
    statistic cannot lie. None with fewer than two clusters, or nothing defined.
    """
    groups = clusters_of(keys)
    if len(groups) < 2:
        return None
    sums = _summed(np.asarray(columns, dtype=np.float64), groups)
    if method == "auto" and len(groups) < FEW:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(statistic(sums.sum(axis=0, keepdims=True))[0])
        left = without_each(sums, statistic)
        if np.isfinite([value, *left]).all():
            reach = t_quantile(level, len(groups)) * jackknife_error(left)
            return Interval(max(least, value - reach), min(most, value + reach), level, JACKKNIFE, len(groups))
    return _of_sums(sums, statistic, seed=seed, draws=draws, level=level, method=method)


def _summed(columns: Floats, groups: Sequence[NDArray[np.intp]]) -> Floats:
    """The counts of each cluster; shape (clusters, columns)."""
    return np.array([columns[:, group].sum(axis=1) for group in groups])


def _ratio(sums: Floats) -> Floats:
    return np.asarray(sums[:, 0] / sums[:, 1], dtype=np.float64)


def _of_sums(
    sums: Floats, statistic: Callable[[Floats], Floats], *, seed: int, draws: int, level: float, method: Method
) -> Interval | None:
    with np.errstate(divide="ignore", invalid="ignore"):
        estimates = np.asarray(statistic(resampled(sums, seed=seed, draws=draws)), dtype=np.float64)
        value = float(statistic(sums.sum(axis=0, keepdims=True))[0])
    estimates = estimates[np.isfinite(estimates)]
    if not len(estimates):
        return None
    normal = wide_normal(level, len(sums))
    ends: Ends | None = None
    if method != "percentile":
        ends = bca(value, estimates, without_each(sums, statistic), normal)
    name = BCA if ends is not None else PERCENTILE
    return Interval(*(ends or percentile(estimates, normal)), level, name, len(sums))


def quantile_interval(
    values: Sequence[float],
    keys: Sequence[Hashable],
    quantile: float,
    *,
    seed: int = 0,
    draws: int = 0,
    level: float = 0.95,
) -> Interval | None:
    """The interval of a quantile between two of the sorted values, by the exact binomial distribution of how many lie
    below it (Hahn and Meeker 1991, section 5.2).

    Values of one cluster are alike, and count as fewer: as many as their design effect leaves (Korn and Graubard 1998).
    Nothing is drawn, so seed and draws change nothing; they are there so that all intervals are asked for alike. None
    with fewer than two clusters, and with so few values that none of them can be an end
    (metrics.latency.interval_supported).
    """
    groups = clusters_of(keys)
    array = np.asarray(values, dtype=np.float64)
    if len(groups) < 2:
        return None
    effective = len(array) / design_effect(array <= np.quantile(array, quantile), groups)
    if not interval_supported(effective, quantile, level):
        return None
    low, high = order_statistics(np.sort(array), quantile, effective, level)
    return Interval(low, high, level, ORDER, len(groups))
