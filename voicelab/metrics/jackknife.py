"""The jackknife over clusters: standard error, degrees of freedom, and intervals by Student's t.

Each figure is recomputed without each cluster (Tukey 1958). Few or unequal clusters make the variance estimate
uncertain; the degrees of freedom account for that.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voicelab.metrics.clusters import Floats, effective_clusters

Statistic = Callable[[Floats], Floats]
"""Maps sums of shape (n, columns) to n estimates, nan where undefined."""
Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Jackknife:
    """A figure, its standard error (in units of the figure), and the degrees of freedom of that error."""

    value: float
    error: float
    freedom: float

    def reach(self, level: float) -> float:
        """Return half the width of the interval at this level."""
        return t_quantile(level, self.freedom) * self.error


def jackknife(sums: Floats, statistic: Statistic, weights: Floats) -> Jackknife | None:
    """Return the jackknife of a statistic of sums.

    sums: shape (clusters, columns). weights: the size of each cluster. Returns None if the statistic is undefined for
    all clusters together or without one of them.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(statistic(sums.sum(axis=0, keepdims=True))[0])
        left = without_each(sums, statistic)
    if not np.isfinite([value, *left]).all():
        return None
    return Jackknife(value, standard_error(left), degrees_of_freedom(left, weights))


def without_each(sums: Floats, statistic: Statistic) -> Floats:
    """Return the figure without each cluster in turn. sums: shape (clusters, columns)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(statistic(sums.sum(axis=0) - sums), dtype=np.float64)


def standard_error(left_out: Floats) -> float:
    """Return the standard error of a figure from its leave-one-out values.

    A spread of the size of rounding errors is 0.
    """
    clusters = len(left_out)
    spread = left_out - left_out.mean()
    if float(np.abs(spread).max()) <= 1e-12 * max(1.0, float(np.abs(left_out).max())):
        return 0.0
    return math.sqrt((clusters - 1) / clusters * float((spread**2).sum()))


def degrees_of_freedom(left_out: Floats, weights: Floats) -> float:
    """Return the degrees of freedom of the jackknife variance, at most clusters - 1.

    The smaller of two: Kish's effective number of clusters minus 1, for clusters of unequal size; and Satterthwaite's 2
    v^2 / Var(v) (1946) with Var(v) from the fourth moments, for a few clusters that deviate far more than the others.
    """
    clusters = len(left_out)
    squares = (left_out - left_out.mean()) ** 2
    second, fourth = float(squares.sum()), float((squares**2).sum())
    variance = fourth - second**2 / clusters
    by_kind = 2 * second**2 / variance if variance > 1e-12 * second**2 else math.inf
    return min(clusters - 1.0, effective_clusters(weights) - 1, by_kind)


def t_quantile(level: float, freedom: float) -> float:
    """Return the quantile of Student's t for a two-sided interval at this level."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))


def two_sided_p(of: Jackknife) -> float:
    """Return the p-value of a figure for a true value of 0, by Student's t; 1 for a figure of 0."""
    from scipy.special import stdtr

    if of.value == 0:
        return 1.0
    return float(2 * stdtr(of.freedom, -abs(of.value) / of.error))


def of_share(value: float, reach: float) -> Ends:
    """Return value +- reach (delta method), symmetric on the scale on which the likelihood of a share is closest to
    normal (Sprott 1973): the integral of (p (1 - p))^(-2/3). 0 < value < 1.

    The scale lies between log odds, too wide for few errors, and the arcsine, too short for them.
    """
    from scipy.special import beta, betainc, betaincinv

    middle = float(betainc(_THIRD, _THIRD, value))
    half = reach * (value * (1 - value)) ** (_THIRD - 1) / float(beta(_THIRD, _THIRD))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return float(betaincinv(_THIRD, _THIRD, low)), float(betaincinv(_THIRD, _THIRD, high))


def of_rate(value: float, reach: float) -> Ends:
    """Return value +- reach, symmetric in the cube root: Sprott's scale for a rate without an upper bound. value > 0."""
    middle, half = value**_THIRD, reach * value ** (_THIRD - 1) / 3
    return max(0.0, middle - half) ** 3, (middle + half) ** 3


_THIRD = 1 / 3
