"""Number of speakers and samples that a difference requires, from the variance within and between a pilot's speakers.

A rate is a ratio of sums, so each sample is represented by its linearized value: its contribution to the error of the
rate, in units of the rate (Cochran 1977, section 6.3). The variance has a component b between speakers and w within
speakers (one-way analysis of variance, unbalanced; Searle, Casella and McCulloch 1992, section 3.6). The mean over S
speakers with m samples each has the variance (b + w / m) / S, which is 1 + (m - 1) * icc times that of S * m
independent samples, with the intraclass correlation icc = b / (b + w) (Kish 1965). The test is Student's t over
speakers with S - 1 degrees of freedom; its power follows from the noncentral t.
"""

import math
from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from voicelab.metrics.clusters import Floats, clusters_of
from voicelab.metrics.intervals import FEW

MOST_SPEAKERS = 1_000_000


_QUANTILES = (np.arange(1000) + 0.5) / 1000


@dataclass(frozen=True, slots=True)
class Spread:
    """Variance components of one sample's linearized value, in units of the rate squared."""

    between: float
    within: float
    speakers: int
    samples: int

    @property
    def icc(self) -> float | None:
        """Intraclass correlation: the share of the variance between speakers; None without variance."""
        total = self.between + self.within
        return self.between / total if total else None

    def design_effect(self, samples_each: float) -> float:
        """Return the factor of additional samples that the correlation within speakers requires."""
        return 1 + (samples_each - 1) * (self.icc or 0.0)

    def error(self, speakers: int, samples_each: float) -> float:
        """Return the standard error of the rate or difference, for this many speakers and samples per speaker."""
        return math.sqrt((self.between + self.within / samples_each) / speakers)


def linearized(parts: Sequence[float], wholes: Sequence[float]) -> Floats:
    """Return each sample's contribution to the error of sum(parts) / sum(wholes), in units of the rate.

    Raises ValueError when the wholes sum to 0.
    """
    part, whole = np.asarray(parts, dtype=np.float64), np.asarray(wholes, dtype=np.float64)
    if not whole.sum():
        raise ValueError("the wholes sum to 0")
    return np.asarray((part - part.sum() / whole.sum() * whole) / whole.mean(), dtype=np.float64)


def spread(values: Floats, keys: Sequence[Hashable]) -> Spread:
    """Return the variance between and within speakers. keys: the speaker of each value, or a unique key.

    If each value has its own speaker, the components cannot be separated, and all variance counts as between speakers.
    """
    groups = clusters_of(keys)
    count, speakers = len(values), len(groups)
    if speakers < 2:
        raise ValueError("two speakers or more are needed, or samples without speakers")
    if speakers == count:
        return Spread(float(values.var(ddof=1)), 0.0, speakers, count)
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    means = np.array([values[group].mean() for group in groups])
    within = float(sum(((values[group] - mean) ** 2).sum() for group, mean in zip(groups, means, strict=True)))
    within /= count - speakers
    across = float((sizes * (means - values.mean()) ** 2).sum()) / (speakers - 1)
    typical = (count - float((sizes**2).sum()) / count) / (speakers - 1)
    return Spread(max(0.0, (across - within) / typical), within, speakers, count)


@lru_cache(maxsize=64)
def _spreads(freedom: int) -> Floats:
    """Return quantiles of the ratio of estimated to true standard deviation."""
    from scipy.special import chdtri

    return np.asarray(np.sqrt(chdtri(freedom, _QUANTILES) / freedom), dtype=np.float64)


def power_of(difference: float, error: float, speakers: int, alpha: float = 0.05) -> float:
    """Return the probability that a two-sided t test over speakers detects this difference.

    Averages the noncentral t over its denominator (chi-square at evenly spaced quantiles), because library functions
    for its distribution return nan for some valid arguments.
    """
    from scipy.special import ndtr, stdtrit

    if speakers < 2:
        return 0.0
    if error == 0:
        return 1.0
    freedom, shift = speakers - 1, abs(difference) / error
    critical = float(stdtrit(freedom, 1 - alpha / 2))
    scale = critical * _spreads(freedom)
    return float(np.mean(ndtr(shift - scale) + ndtr(-shift - scale)))


def speakers_needed(
    difference: float, of: Spread, samples_each: float, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Return the minimum number of speakers, with this many samples each, that detects the difference with this power.

    At least `FEW`, because fewer get only wide intervals; None beyond a million.
    """

    def enough(speakers: int) -> bool:
        return power_of(difference, of.error(speakers, samples_each), speakers, alpha) >= power

    if not enough(MOST_SPEAKERS):
        return None
    return FEW + bisect_left(range(FEW, MOST_SPEAKERS), True, key=enough)


def detectable(of: Spread, speakers: int, samples_each: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the smallest difference that this many speakers and samples detect with this power."""
    error = of.error(speakers, samples_each)
    if error == 0:
        return 0.0
    low, high = 0.0, error
    while power_of(high, error, speakers, alpha) < power:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if power_of(middle, error, speakers, alpha) >= power else (middle, high)
    return high
