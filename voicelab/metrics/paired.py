"""Absolute and relative differences of a figure between two systems on the same samples, with intervals.

Both systems' counts of a cluster are left out or resampled together, so the difficulty of a sample cancels out.
Differences are second minus first.
"""

import math
import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from voicelab.metrics.clusters import Floats, clusters_of, effective_clusters, summed
from voicelab.metrics.exact import for_few_clusters
from voicelab.metrics.intervals import (
    ALIKE,
    BOUND,
    FEW,
    JACKKNIFE,
    LEAST_EFFECTIVE,
    NO_SPREAD,
    ONE_CLUSTER,
    PERCENTILE,
    UNVARIED,
    Interval,
    Refusal,
    Result,
    cluster_weights,
    few_clusters,
    over_clusters,
    too_few_values,
    unvaried_reach,
)
from voicelab.metrics.jackknife import adjusted_jackknife, two_sided_p
from voicelab.metrics.latency import interval_supported, least_turns
from voicelab.metrics.order_statistics import effective_values
from voicelab.metrics.resampling import percentile, times_drawn, wide_normal
from voicelab.text.plural import counted

Places = NDArray[np.intp]
Share = tuple[float, float]
"""(part, whole) of one sample."""

NO_LOGARITHM = Refusal("one of the figures is 0, so their ratio has no interval")
UNBOUNDED = Refusal("so few {unit}s do not bound the ratio")
LARGEST_FACTOR = 1000.0
FEWEST_DIFFERING = 8
"""With fewer differing samples, the interval is only a bound and there is no test."""
FEW_CLUSTERS = Refusal("fewer than five {unit}s are too few to resample")


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A figure of two systems over their common `samples`; None where undefined.

    relative: the difference relative to the first system's figure. p_value: two-sided, for no difference, by cluster;
    below 1 - level exactly when the interval excludes 0; None where the interval is only a bound. refused,
    relative_refused: reason for a missing interval.
    """

    first: float | None
    second: float | None
    difference: float | None
    interval: Interval | None
    relative: float | None
    relative_interval: Interval | None
    samples: int
    p_value: float | None = None
    refused: Refusal | None = None
    relative_refused: Refusal | None = None


def paired_rates(
    first: Sequence[Share], second: Sequence[Share], keys: Sequence[Hashable], *, level: float = 0.95
) -> PairedDifference:
    """Return the difference of two rates, by the jackknife over clusters with Student's t.

    first, second: counts per sample, in the same order. keys: the cluster of each sample. The relative interval applies
    the same test to the logarithm of the ratio, so both intervals agree on significance.
    """
    shares = [np.array(counts, dtype=np.float64).reshape(-1, 2) for counts in (first, second)]
    columns = np.ascontiguousarray(np.hstack(shares).T)
    kept = np.flatnonzero(columns.any(axis=0))
    counts = columns[:, kept]
    sums = summed(counts, clusters_of([keys[position] for position in kept.tolist()]))
    return replace(difference_of_clusters(counts, sums, level), samples=len(first))


def difference_of_clusters(columns: Floats, sums: Floats, level: float) -> PairedDifference:
    """Return the difference of two rates from the counts of each sample and the sums of each cluster.

    columns: part and whole of the first system, then of the second, shape (4, samples). sums: shape (clusters, 4).
    """
    a, n, b, m = columns.sum(axis=1).tolist()
    one, other = a / n if n else None, b / m if m else None
    samples = columns.shape[1]
    if one is None or other is None:
        return PairedDifference(one, other, None, None, None, None, samples)
    difference, relative = other - one, other / one - 1 if one else None
    test = _by_cluster(columns, sums, level)
    if isinstance(test, Refusal):
        return PairedDifference(
            one, other, difference, None, relative, None, samples, refused=test, relative_refused=test
        )
    interval = test.around(difference, level)
    ratio = _relative_ends(one, other, test)
    around, refused = _parts(ratio if isinstance(ratio, Refusal) else replace(interval, low=ratio[0], high=ratio[1]))
    return PairedDifference(
        one, other, difference, interval, relative, around, samples, p_value=test.p_value, relative_refused=refused
    )


def _parts(found: Result) -> tuple[Interval | None, Refusal | None]:
    return (None, found) if isinstance(found, Refusal) else (found, None)


@dataclass(frozen=True, slots=True)
class _Test:
    """reach: half the width of the interval of the difference."""

    reach: float
    p_value: float | None
    method: str
    clusters: int
    bound: str | None

    def around(self, difference: float, level: float) -> Interval:
        low, high = difference - self.reach, difference + self.reach
        return Interval(low, high, level, self.method, self.clusters, self.bound)


def _by_cluster(columns: Floats, sums: Floats, level: float) -> _Test | Refusal:
    samples, clusters = columns.shape[1], len(sums)
    if clusters < 2:
        return ONE_CLUSTER
    # Its degrees of freedom are not lowered for deviating clusters, as they are for a single rate: speakers on whom the
    # systems differ most make a t test of a difference find less, not more.
    found = over_clusters(sums, columns, _difference, adjusted_jackknife)
    if isinstance(found, Refusal):
        return found
    differing = int((columns[2] * columns[1] != columns[0] * columns[3]).sum())
    few = (
        f"{BOUND}: {counted(differing, 'differing sample')}, too few for a test"
        if differing < FEWEST_DIFFERING
        else None
    )
    bound = few_clusters(cluster_weights(sums)) or few
    if found.error > 0:
        p_value = max(two_sided_p(found), sys.float_info.min)
        return _Test(found.reach(level), None if bound else p_value, JACKKNIFE, clusters, bound)
    freedom = effective_clusters(cluster_weights(sums)) - 1
    count = for_few_clusters(samples, samples, freedom, level)
    p_value = max(min(1.0, 2 * max(0.0, 1 - abs(found.value)) ** count), sys.float_info.min)
    reach = unvaried_reach(sums, samples, level)
    return _Test(reach, None if bound and differing else p_value, UNVARIED, clusters, bound or ALIKE)


def _difference(sums: Floats) -> Floats:
    return np.asarray(sums[:, 2] / sums[:, 3] - sums[:, 0] / sums[:, 1], dtype=np.float64)


def _relative_ends(one: float, other: float, test: _Test) -> tuple[float, float] | Refusal:
    """Return the ends of other / one - 1, from the reach of other - one.

    The reach is divided by the slope between the two scales, (other - one) / log(other / one), the logarithmic mean.
    """
    if one <= 0 or other <= 0:
        return NO_LOGARITHM
    middle = math.log(other / one)
    slope = (other - one) / middle if abs(middle) > 1e-9 else one
    half = test.reach / slope
    if half > math.log(LARGEST_FACTOR):
        return UNBOUNDED
    return math.expm1(middle - half), math.expm1(middle + half)


def paired_quantiles(
    first: Sequence[float],
    second: Sequence[float],
    keys: Sequence[Hashable],
    quantile: float,
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> PairedDifference:
    """Return the difference of two quantiles of paired values, by a bootstrap over whole clusters.

    Refused under the same conditions as the quantiles themselves, and with fewer than five clusters.
    """
    count = len(first)
    if count < least_turns(quantile):
        return PairedDifference(None, None, None, None, None, None, count)
    before, after = (np.asarray(values, dtype=np.float64) for values in (first, second))
    one, other = (float(np.quantile(values, quantile)) for values in (before, after))
    relative = other / one - 1 if one > 0 else None
    found = _drawn_quantiles(before, after, keys, quantile, seed=seed, draws=draws, level=level)
    if isinstance(found, Refusal):
        return PairedDifference(
            one, other, other - one, None, relative, None, count, refused=found, relative_refused=found
        )
    drawn, normal, clusters = found
    absolute = _percentile(drawn[1] - drawn[0], normal, level, clusters)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratios = drawn[1] / drawn[0] - 1
    ratio = _percentile(ratios, normal, level, clusters) if np.isfinite(ratios).all() else NO_LOGARITHM
    (interval, refused), (around, no_ratio) = _parts(absolute), _parts(ratio)
    return PairedDifference(
        one, other, other - one, interval, relative, around, count, refused=refused, relative_refused=no_ratio
    )


def _drawn_quantiles(
    before: Floats, after: Floats, keys: Sequence[Hashable], quantile: float, *, seed: int, draws: int, level: float
) -> tuple[tuple[Floats, Floats], float, int] | Refusal:
    """Return both quantiles of each resample, the normal quantile for the interval, and the number of clusters."""
    groups = clusters_of(keys)
    if len(groups) < 2:
        return ONE_CLUSTER
    if len(groups) < FEW:
        return FEW_CLUSTERS
    effective = min(effective_values(values, groups, quantile, level) for values in (before, after))
    if not interval_supported(effective, quantile, level):
        return too_few_values(len(before), effective, len(groups))
    cluster_of = np.empty(len(before), dtype=np.intp)
    for number, group in enumerate(groups):
        cluster_of[group] = number
    times = times_drawn(len(groups), seed=seed, draws=draws)
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    freedom = max(effective_clusters(sizes), LEAST_EFFECTIVE) - 1
    drawn = tuple(_quantile_of_each(values, cluster_of, times, quantile) for values in (before, after))
    return (drawn[0], drawn[1]), wide_normal(level, len(groups), freedom), len(groups)


def _percentile(estimates: Floats, normal: float, level: float, clusters: int) -> Interval | Refusal:
    """Return the percentile interval; a spread of the size of rounding errors is refused."""
    low, high = percentile(estimates, normal)
    if high - low <= 1e-12 * max(1.0, abs(low), abs(high)):
        return NO_SPREAD
    return Interval(low, high, level, PERCENTILE, clusters)


def _quantile_of_each(values: Floats, cluster_of: Places, times: Floats, quantile: float) -> Floats:
    """Return the quantile (type 7) of each resample. times: multiplicity of each cluster; shape (draws, clusters)."""
    order = np.argsort(values, kind="stable")
    ordered, clusters = values[order], cluster_of[order]
    sizes = np.bincount(clusters, minlength=times.shape[1])
    last = times @ sizes - 1
    place = last * quantile
    below = np.floor(place)
    low = ordered[_positions(clusters, times, below)]
    high = ordered[_positions(clusters, times, np.minimum(below + 1, last))]
    return np.asarray(low + (high - low) * (place - below), dtype=np.float64)


def _positions(clusters: Places, times: Floats, ranks: Floats) -> Places:
    """Return the position in the sorted values at which each resample reaches its rank, by blocks.

    Sums over blocks are one matrix product. Cumulative sums over all values would need draws x values numbers.
    """
    count = len(clusters)
    width = math.isqrt(count) + 1
    blocks = np.zeros((times.shape[1], -(-count // width)))
    np.add.at(blocks, (clusters, np.arange(count) // width), 1)
    reached = times @ blocks.cumsum(axis=1)
    block = (reached <= ranks[:, None]).sum(axis=1)
    draws = np.arange(len(times))
    before = np.where(block > 0, reached[draws, np.maximum(block - 1, 0)], 0.0)
    # Pad with a cluster that occurs in no resample.
    padded = np.append(clusters, np.full(width, times.shape[1]))
    held = np.column_stack([times, np.zeros(len(times))])
    places = block[:, None] * width + np.arange(width)
    inside = held[draws[:, None], padded[places]].cumsum(axis=1) + before[:, None]
    return np.asarray(block * width + (inside <= ranks[:, None]).sum(axis=1), dtype=np.intp)
