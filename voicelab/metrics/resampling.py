"""From figures to the two ends of an interval: BCa, percentile, jackknife t, exact binomial, order statistics.

`docs/sureness.md` says which is taken when, and how often each was measured to hold the truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ends = tuple[float, float]
NORMAL = NormalDist()


def resampled(sums: Floats, *, seed: int, draws: int) -> Floats:
    """The summed counts of each resample of whole clusters. sums: shape (clusters, columns); out: (draws, columns)."""
    if draws * len(sums) <= _KEPT:
        return np.asarray(_kept_draws(len(sums), seed, draws) @ sums)
    chance, block = np.random.default_rng(seed), max(1, _KEPT // len(sums))
    sizes = [min(block, draws - start) for start in range(0, draws, block)]
    return np.concatenate([_times_drawn(chance, len(sums), size) @ sums for size in sizes])


_KEPT = 2_000_000
"""So many numbers of draws are kept for the next figure of as many clusters; more are drawn block by block."""


@lru_cache(maxsize=4)
def _kept_draws(clusters: int, seed: int, draws: int) -> Floats:
    return _times_drawn(np.random.default_rng(seed), clusters, draws)


def _times_drawn(chance: np.random.Generator, clusters: int, draws: int) -> Floats:
    """How often each cluster is in each resample, drawn with replacement; shape (draws, clusters)."""
    picks = chance.integers(clusters, size=(draws, clusters)) + clusters * np.arange(draws)[:, None]
    return np.bincount(picks.ravel(), minlength=draws * clusters).reshape(draws, clusters).astype(np.float64)


def wide_normal(level: float, clusters: int) -> float:
    """The normal quantile whose tails make a bootstrap of few clusters wide enough.

    A bootstrap draws with the standard deviation of the n clusters themselves, which is too small by
    sqrt((n - 1) / n), and normal tails are too short for few clusters. sqrt(n / (n - 1)) times the quantile of t with
    n - 1 degrees of freedom mends both (Hesterberg 2015, What Teachers Should Know About the Bootstrap, section 5.3).
    """
    return math.sqrt(clusters / (clusters - 1)) * t_quantile(level, clusters)


def t_quantile(level: float, clusters: int) -> float:
    """The upper quantile of Student's t with clusters - 1 degrees of freedom, for a two-sided interval at `level`."""
    from scipy.special import stdtrit

    return float(stdtrit(clusters - 1, (1 + level) / 2))


def percentile(estimates: Floats, normal: float) -> Ends:
    """The estimates between the tails that lie beyond `normal` on both sides."""
    return _between(estimates, NORMAL.cdf(-normal), NORMAL.cdf(normal))


def bca(value: float, estimates: Floats, without_each: Floats, normal: float) -> Ends | None:
    """The bias-corrected and accelerated interval (Efron 1987; Efron and Tibshirani 1993, chapter 14).

    value: the figure itself. estimates: that of each resample. without_each: the figure with one cluster left out, for
    each cluster. None where it is not defined: all resamples on one side of the value, no cluster that matters, a
    figure that is not defined without one of the clusters, or an acceleration past its pole.
    """
    if not np.isfinite(without_each).all():
        return None
    below = float(np.mean(estimates < value) + np.mean(estimates == value) / 2)
    distances = without_each.mean() - without_each
    square = float((distances**2).sum())
    if not 0 < below < 1 or square < 1e-24:
        return None
    bias = NORMAL.inv_cdf(below)
    acceleration = float((distances**3).sum()) / (6 * square**1.5)
    tails = []
    for end in (bias - normal, bias + normal):
        if acceleration * end >= 1:
            return None
        tails.append(NORMAL.cdf(bias + end / (1 - acceleration * end)))
    return _between(estimates, *tails)


def _between(estimates: Floats, low: float, high: float) -> Ends:
    found = np.quantile(estimates, [low, high])
    return float(found[0]), float(found[1])


def jackknife_error(without_each: Floats) -> float:
    """The standard error of a figure from its values with one cluster left out (Tukey 1958)."""
    clusters = len(without_each)
    return math.sqrt((clusters - 1) / clusters * float(((without_each - without_each.mean()) ** 2).sum()))


def on_log_scale(value: float, error: float, reach: float, *, share: bool) -> Ends:
    """value +- reach * error, made symmetric in the log odds of a share, or in the log of another positive rate.

    share: the value lies between 0 and 1, both excluded. The error is carried to the other scale by its slope there.
    """
    if not share:
        factor = math.exp(min(reach * error / value, 700.0))
        return value / factor, value * factor
    middle, half = math.log(value / (1 - value)), reach * error / (value * (1 - value))
    return _from_odds(middle - half), _from_odds(middle + half)


def _from_odds(log_odds: float) -> float:
    return 1 / (1 + math.exp(min(-log_odds, 700.0)))


def of_nothing_seen(trials: int, level: float) -> float:
    """The upper end for a share of which nothing was seen in so many trials (Clopper and Pearson 1934)."""
    return float(1 - ((1 - level) / 2) ** (1 / trials))


def design_effect(below: NDArray[np.bool_], groups: Sequence[NDArray[np.intp]]) -> float:
    """How many times more the share of `below` varies than it would, were no two values of a cluster alike; at least 1.

    The variance of a share by the totals of clusters over that of independent values (Kish 1965).
    """
    share, count = float(below.mean()), len(below)
    if len(groups) == count or share in (0.0, 1.0):
        return 1.0
    totals = np.array([(below[group] - share).sum() for group in groups])
    variance = len(groups) / (len(groups) - 1) * float((totals**2).sum()) / count**2
    return max(1.0, variance / (share * (1 - share) / count))


def order_statistics(values: Floats, quantile: float, effective: float, level: float) -> Ends:
    """The two of the sorted values between which the quantile lies at this level, whatever their distribution.

    The number of n values below the quantile is binomial, so the u-th is below it with probability I_q(u, n - u + 1),
    the regularized incomplete beta function; where values count as fewer, n and u shrink alike.
    """
    from scipy.special import betainc

    rank = np.arange(1, len(values) + 1) * effective / len(values)
    below = np.asarray(betainc(rank, effective - rank + 1, quantile))
    tail = (1 - level) / 2
    low = max(int((1 - below <= tail).sum()) - 1, 0)
    high = min(int((below > tail).sum()), len(values) - 1)
    return float(values[low]), float(values[high])


def without_each(sums: Floats, statistic: Callable[[Floats], Floats]) -> Floats:
    """The figure with one cluster left out. sums: shape (clusters, columns)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(statistic(sums.sum(axis=0) - sums), dtype=np.float64)
