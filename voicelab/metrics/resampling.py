"""The bootstrap over whole clusters: resamples, and percentile intervals."""

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from voicelab.metrics.clusters import Floats
from voicelab.metrics.jackknife import Ends, t_quantile

NORMAL = NormalDist()


def times_drawn(clusters: int, *, seed: int, draws: int) -> Floats:
    """Return how often each cluster occurs in each resample; shape (draws, clusters)."""
    if draws * clusters <= _KEPT:
        return _kept_draws(clusters, seed, draws)
    return _many_draws(clusters, seed, draws).astype(np.float64)


_KEPT = 2_000_000
"""Resamples with at most this many numbers are cached for the next figure; larger ones are drawn in blocks."""


@lru_cache(maxsize=1)
def _many_draws(clusters: int, seed: int, draws: int) -> NDArray[np.uint16]:
    """Return the draws of many clusters, in two bytes each, cached for the next figure over the same clusters."""
    chance, block = np.random.default_rng(seed), max(1, _KEPT // clusters)
    sizes = [min(block, draws - start) for start in range(0, draws, block)]
    return np.concatenate([_times_drawn(chance, clusters, size).astype(np.uint16) for size in sizes])


@lru_cache(maxsize=4)
def _kept_draws(clusters: int, seed: int, draws: int) -> Floats:
    return _times_drawn(np.random.default_rng(seed), clusters, draws)


def _times_drawn(chance: np.random.Generator, clusters: int, draws: int) -> Floats:
    """Return how often each cluster occurs in each resample, drawn with replacement; shape (draws, clusters)."""
    picks = chance.integers(clusters, size=(draws, clusters)) + clusters * np.arange(draws)[:, None]
    return np.bincount(picks.ravel(), minlength=draws * clusters).reshape(draws, clusters).astype(np.float64)


def wide_normal(level: float, clusters: int, freedom: float | None = None) -> float:
    """Return the normal quantile that widens a bootstrap of few clusters.

    The bootstrap uses the standard deviation of the n clusters, which is too small by sqrt((n - 1) / n), and normal
    tails are too short for few clusters. sqrt(n / (n - 1)) times the quantile of t corrects both (Hesterberg 2015, What
    Teachers Should Know About the Bootstrap, section 5.3). freedom: by default n - 1.
    """
    return math.sqrt(clusters / (clusters - 1)) * t_quantile(level, clusters - 1 if freedom is None else freedom)


def percentile(estimates: Floats, normal: float) -> Ends:
    """Return the percentile interval with tails beyond `normal` on both sides."""
    found = np.quantile(estimates, [NORMAL.cdf(-normal), NORMAL.cdf(normal)])
    return float(found[0]), float(found[1])
