"""The bootstrap over whole clusters: resamples, and percentile and BCa intervals."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from voicelab.metrics.clusters import Floats
from voicelab.metrics.jackknife import Ends, t_quantile

NORMAL = NormalDist()


def resampled(sums: Floats, *, seed: int, draws: int) -> Floats:
    """Return the summed counts of each resample of clusters. sums: shape (clusters, columns); result: (draws, columns)."""
    if draws * len(sums) <= _KEPT:
        return np.asarray(_kept_draws(len(sums), seed, draws) @ sums)
    chance, block = np.random.default_rng(seed), max(1, _KEPT // len(sums))
    return np.concatenate([_times_drawn(chance, len(sums), size) @ sums for size in _block_sizes(draws, block)])


def times_drawn(clusters: int, *, seed: int, draws: int) -> Floats:
    """Return how often each cluster occurs in each resample of `resampled`; shape (draws, clusters)."""
    if draws * clusters <= _KEPT:
        return _kept_draws(clusters, seed, draws)
    return _many_draws(clusters, seed, draws).astype(np.float64)


_KEPT = 2_000_000
"""Resamples with at most this many numbers are cached for the next figure; larger ones are drawn in blocks."""


def _block_sizes(draws: int, block: int) -> list[int]:
    return [min(block, draws - start) for start in range(0, draws, block)]


@lru_cache(maxsize=1)
def _many_draws(clusters: int, seed: int, draws: int) -> NDArray[np.uint16]:
    """Return the draws of many clusters, in two bytes each, cached for the next figure over the same clusters."""
    chance, block = np.random.default_rng(seed), max(1, _KEPT // clusters)
    parts = (_times_drawn(chance, clusters, size).astype(np.uint16) for size in _block_sizes(draws, block))
    return np.concatenate(list(parts))


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
    return _between(estimates, NORMAL.cdf(-normal), NORMAL.cdf(normal))


def bca(value: float, estimates: Floats, without_each: Floats, normal: float) -> Ends | None:
    """Return the bias-corrected and accelerated interval (Efron 1987; Efron and Tibshirani 1993, chapter 14).

    value: the figure. estimates: the figure of each resample. without_each: the figure without each cluster in turn.
    Returns None when undefined: all resamples on one side of the value, no influential cluster, a figure that is
    undefined without one of the clusters, or an acceleration past its pole.
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
