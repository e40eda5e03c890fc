"""Intervals of quantiles by order statistics, for clustered values."""

from bisect import bisect

import numpy as np
from numpy.typing import NDArray

from voicelab.metrics.clusters import Floats, Groups, effective_clusters, summed
from voicelab.metrics.exact import for_few_clusters
from voicelab.metrics.jackknife import Ends, standard_error


def effective_values(values: Floats, groups: Groups, quantile: float, level: float) -> float:
    """Return the effective number of independent values for this quantile; at most the number of values.

    Korn and Graubard (1998): the count divided by its design effect, times their factor for few clusters, with Kish's
    effective number of clusters.
    """
    effect = design_effect(values <= np.quantile(values, quantile), groups)
    effective = len(values) / effect
    if len(groups) == len(values):
        return effective
    clusters = effective_clusters(np.array([len(group) for group in groups], dtype=np.float64))
    return for_few_clusters(effective, len(values), max(clusters - 1, 0.1), level)


def design_effect(below: NDArray[np.bool_], groups: Groups) -> float:
    """Return the design effect of the share of `below` (Kish 1965): its variance relative to independent values, at
    least 1.

    The numerator is the jackknife over clusters.
    """
    share, count = float(below.mean()), len(below)
    if len(groups) == count or share in (0.0, 1.0):
        return 1.0
    hits = summed(below[None].astype(np.float64), groups)[:, 0]
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    left_out = (hits.sum() - hits) / (count - sizes)
    return max(1.0, standard_error(left_out) ** 2 / (share * (1 - share) / count))


def order_statistics(values: Floats, quantile: float, effective: float, level: float) -> Ends:
    """Return the two order statistics that enclose the quantile at this level, for any distribution.

    The number of n values below the quantile is binomial, so the u-th is below it with probability I_q(u, n - u + 1),
    the regularized incomplete beta function. For clusters, n and u shrink by the same factor (Hahn and Meeker 1991,
    section 5.2).
    """
    from scipy.special import betainc

    tail, scale, ranks = (1 - level) / 2, effective / len(values), range(1, len(values) + 1)

    def below(rank: int) -> float:
        return float(betainc(rank * scale, effective - rank * scale + 1, quantile))

    low = max(bisect(ranks, False, key=lambda rank: 1 - below(rank) > tail) - 1, 0)
    high = min(bisect(ranks, False, key=lambda rank: below(rank) <= tail), len(values) - 1)
    return float(values[low]), float(values[high])
