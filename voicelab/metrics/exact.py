"""Exact intervals for rates with an effective sample size, used at 0 and 1 and for few clusters.

Korn and Graubard (1998): the number of observations is divided by the design effect, and reduced further when the
design effect is estimated from few clusters. The effective number need not be an integer.
"""

from voicelab.metrics.jackknife import Ends, t_quantile


def for_few_clusters(count: float, observations: float, freedom: float, level: float) -> float:
    """Return `count` reduced because the design effect is estimated with this many degrees of freedom.

    The factor is (t of observations - 1 / t of freedom)^2.
    """
    observed = t_quantile(level, max(observations - 1, freedom))
    return count * (observed / t_quantile(level, freedom)) ** 2


def clopper_pearson(share: float, trials: float, level: float) -> Ends:
    """Return the exact binomial interval of a share (Clopper and Pearson 1934). trials: a positive number."""
    from scipy.special import betaincinv

    tail, seen = (1 - level) / 2, share * trials
    unseen = trials - seen
    low = float(betaincinv(seen, unseen + 1, tail)) if seen > 0 else 0.0
    high = float(betaincinv(seen + 1, unseen, 1 - tail)) if unseen > 1e-9 * trials else 1.0
    return low, high


def garwood(rate: float, exposure: float, level: float) -> Ends:
    """Return the exact Poisson interval of a rate that may exceed 1 (Garwood 1936). exposure: the denominator."""
    from scipy.special import gammaincinv

    tail, seen = (1 - level) / 2, rate * exposure
    low = float(gammaincinv(seen, tail)) if seen > 0 else 0.0
    return low / exposure, float(gammaincinv(seen + 1, 1 - tail)) / exposure


def of_nothing_seen(trials: float, level: float) -> float:
    """Return the upper limit of a share when no event occurred in this many trials."""
    return float(1 - ((1 - level) / 2) ** (1 / trials))
