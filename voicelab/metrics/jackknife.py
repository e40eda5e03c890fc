"""The jackknife over clusters: standard error, degrees of freedom, and intervals by Student's t.

Each figure is recomputed without each cluster (Tukey 1958). Few or unequal clusters make the variance estimate
uncertain; the degrees of freedom account for that.
"""

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


def jackknife(sums: Floats, statistic: Statistic, weights: Floats, slope: float = 0.0) -> Jackknife | None:
    """Return the jackknife of a statistic of sums.

    sums: shape (clusters, columns). weights: the size of each cluster. slope: see `degrees_of_freedom`. Returns None if
    the statistic is undefined for all clusters together or without one of them.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(statistic(sums.sum(axis=0, keepdims=True))[0])
        left = without_each(sums, statistic)
    if not np.isfinite([value, *left]).all():
        return None
    return Jackknife(value, standard_error(left), degrees_of_freedom(left, weights, slope))


def adjusted_jackknife(sums: Floats, statistic: Statistic, weights: Floats) -> Jackknife | None:
    """Return the jackknife whose deviations are reduced by the leverage of each cluster, for clusters of unequal size.

    Without a large cluster, the figure changes more than it varies, so the plain jackknife overestimates the variance.
    This variance is unbiased where the variance of a cluster is proportional to its size, which is its share of all
    weights (CR2), with the degrees of freedom of the same model (Bell and McCaffrey 2002). Equals `jackknife` for
    clusters of equal size. Returns None like `jackknife`.
    """
    plain = jackknife(sums, statistic, weights)
    if plain is None or plain.error == 0:
        return plain
    share = weights / weights.sum()
    deviations = without_each(sums, statistic) - plain.value
    error = math.sqrt(float((deviations**2 * (1 - share)).sum()))
    common = share**2 / (1 - share)
    freedom = 1 / float((share**2).sum() + common.sum() ** 2 - (common**2).sum())
    return Jackknife(plain.value, error, min(freedom, len(weights) - 1.0))


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


def degrees_of_freedom(left_out: Floats, weights: Floats, slope: float = 0.0) -> float:
    """Return the degrees of freedom of the jackknife variance, at most clusters - 1.

    The smaller of two: Kish's effective number of clusters minus 1, for clusters of unequal size; and Satterthwaite's 2
    v^2 / Var(v) (1946) with Var(v) from the fourth moments, for a few clusters that deviate far more than the others.

    slope: the derivative of the logarithm of the variance that independent observations would have. With it, Var(v) is
    the variance of the design effect. Otherwise, rare errors look like deviating clusters, because each of them changes
    the figure and its variance alike.
    """
    clusters = len(left_out)
    deviations = left_out - left_out.mean()
    second = float((deviations**2).sum())
    by_kind = math.inf
    if second > 0:
        variance = float(((deviations**2 / second - 1 / clusters + slope * deviations) ** 2).sum())
        by_kind = 2 / variance if variance > 1e-12 else math.inf
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
