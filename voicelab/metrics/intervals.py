"""Intervals of rates, of other statistics of counts, and of quantiles, over clusters that belong together.

The clusters are whole speakers where the samples name them, because the samples of one speaker are alike; otherwise
conversations or samples. No interval has zero width: where the samples do not vary, an exact interval takes over, and
where there is no way to tell, a Refusal gives the reason. The methods and their measured
coverage are in docs/explanation/confidence_intervals.md.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from voicelab.metrics.clusters import Floats, Groups, clusters_of, effective_clusters, summed
from voicelab.metrics.exact import clopper_pearson, for_few_clusters, garwood, of_nothing_seen
from voicelab.metrics.jackknife import (
    Ends,
    Jackknife,
    Statistic,
    jackknife,
    on_log,
    on_log_odds,
    without_each,
)
from voicelab.metrics.latency import interval_supported
from voicelab.metrics.order_statistics import effective_values, order_statistics
from voicelab.metrics.resampling import bca, percentile, resampled, wide_normal

__all__ = [
    "FEW", "PERCENTILE", "Floats", "Interval", "Method", "Refusal", "clusters_of", "quantile_interval",
    "quantile_result", "ratio_interval", "ratio_result", "sums_interval", "sums_result",
]  # fmt: skip

FEW = 5
"""With fewer clusters a rate gets only the wide, exact interval: their spread tells too little of other clusters."""

LEAST_EFFECTIVE = 1.5
"""With a smaller effective number of clusters one cluster decides the figure, and there is no interval."""

Method = Literal["auto", "bca", "percentile"]
BCA, PERCENTILE = "BCa bootstrap", "percentile bootstrap"
JACKKNIFE, UNVARIED, ORDER = "jackknife t", "exact, no variation", "order statistics"
BINOMIAL, POISSON = "exact binomial, effective n", "exact Poisson, effective n"


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval at `level`, how it was made, and the number of clusters. low < high always holds."""

    low: float
    high: float
    level: float
    method: str
    clusters: int

    @property
    def few(self) -> bool:
        """Whether there are too few clusters for anything but a wide interval."""
        return self.clusters < FEW


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no interval. reason: a sentence in which `{unit}` stands for what the clusters are."""

    reason: str

    def text(self, unit: str = "cluster") -> str:
        return self.reason.replace("{unit}", unit)


Result = Interval | Refusal

ONE_CLUSTER = Refusal("fewer than two {unit}s were scored")
NOTHING = Refusal("there is nothing to divide by")
DOMINATED = Refusal("almost everything comes from one {unit}")
UNDEFINED = Refusal("the figure is not defined without one of the {unit}s")
NO_SPREAD = Refusal("the values do not differ, so there is no spread to measure by")


def ratio_interval(
    numerators: Sequence[float],
    denominators: Sequence[float],
    keys: Sequence[Hashable],
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
    method: Method = "auto",
    share: bool | None = None,
) -> Interval | None:
    """`ratio_result`, with None in place of a Refusal."""
    return _or_none(
        ratio_result(numerators, denominators, keys, seed=seed, draws=draws, level=level, method=method, share=share)
    )


def ratio_result(
    numerators: Sequence[float],
    denominators: Sequence[float],
    keys: Sequence[Hashable],
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
    method: Method = "auto",
    share: bool | None = None,
) -> Result:
    """The interval of sum(numerators) / sum(denominators), for rates of counts.

    keys: the cluster of each position. share: whether the rate is a share, at most 1 at every position; by default it
    is one if no numerator exceeds its denominator. Pass False where the denominator is not a count, such as minutes.
    seed, draws: for the bootstrap methods only.

    From `FEW` clusters on: the jackknife over clusters with Student's t, on the log odds of a share or the log of
    another rate. Below that, for a share of 0 or 1, and where clusters do not differ: an exact interval.
    """
    columns, groups = _counted(np.asarray([numerators, denominators], dtype=np.float64), keys)
    if not columns[1].sum() > 0:
        return NOTHING
    if len(groups) < 2:
        return ONE_CLUSTER
    sums = summed(columns, groups)
    if method != "auto":
        return _bootstrap(sums, _ratio, seed=seed, draws=draws, level=level, method=method)
    is_share = bool((columns[0] <= columns[1]).all()) if share is None else share
    if effective_clusters(sums[:, 1]) < LEAST_EFFECTIVE:
        return DOMINATED
    value = float(columns[0].sum() / columns[1].sum())
    if value == 0 or (is_share and value == 1):
        trials = float((columns[1] > 0).sum()) if is_share else float(columns[1].sum())
        return _exact(value, trials, trials, sums, level, share=is_share)
    found = jackknife(sums, _ratio, sums[:, 1])
    if found is None:
        return UNDEFINED
    if len(groups) >= FEW and found.error > 0:
        ends = (on_log_odds if is_share else on_log)(value, found.reach(level))
        return Interval(*ends, level, JACKKNIFE, len(groups))
    trials = float(columns[1].sum())
    independent = value * (1 - value) if is_share else value
    effective = min(trials, independent / found.error**2) if found.error > 0 else trials
    return _exact(value, effective, trials, sums, level, share=is_share)


def _exact(value: float, effective: float, trials: float, sums: Floats, level: float, *, share: bool) -> Interval:
    """The exact interval of a rate over `trials` observations that count as `effective` independent ones."""
    freedom = effective_clusters(sums[:, 1]) - 1
    count = for_few_clusters(effective, trials, freedom, level)
    ends = (clopper_pearson if share else garwood)(value, count, level)
    return Interval(*ends, level, BINOMIAL if share else POISSON, len(sums))


def sums_interval(
    columns: Sequence[Sequence[float]],
    keys: Sequence[Hashable],
    statistic: Statistic,
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
    method: Method = "auto",
    least: float = -np.inf,
    most: float = np.inf,
) -> Interval | None:
    """`sums_result`, with None in place of a Refusal."""
    return _or_none(
        sums_result(
            columns, keys, statistic, seed=seed, draws=draws, level=level, method=method, least=least, most=most
        )
    )


def sums_result(
    columns: Sequence[Sequence[float]],
    keys: Sequence[Hashable],
    statistic: Statistic,
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
    method: Method = "auto",
    least: float = -np.inf,
    most: float = np.inf,
) -> Result:
    """The interval of any statistic of summed counts, such as word information lost, by the jackknife and Student's t.

    columns: one sequence of counts per column, each as long as keys. statistic: sums of shape (n, columns) -> n
    estimates, nan where they are not defined. least, most: the interval is cut off where the statistic cannot lie.
    seed, draws: for the bootstrap methods only.
    """
    counts, groups = _counted(np.asarray(columns, dtype=np.float64), keys)
    if len(groups) < 2:
        return ONE_CLUSTER
    sums = summed(counts, groups)
    if method != "auto":
        return _bootstrap(sums, statistic, seed=seed, draws=draws, level=level, method=method)
    found = over_clusters(sums, counts, statistic)
    if isinstance(found, Refusal):
        return found
    reach, name = found.reach(level), JACKKNIFE
    if found.error == 0:
        reach, name = unvaried_reach(sums, counts.shape[1], level), UNVARIED
    low, high = max(least, found.value - reach), min(most, found.value + reach)
    return Interval(low, high, level, name, len(groups)) if low < high else NO_SPREAD


def over_clusters(sums: Floats, columns: Floats, statistic: Statistic) -> Jackknife | Refusal:
    """The jackknife of a statistic of counts. sums: of each cluster; columns: shape (columns, positions).

    Few clusters may agree by chance, the more so as counts are whole numbers: below `FEW` the error is at least that of
    positions taken as independent.
    """
    weights = cluster_weights(sums)
    if effective_clusters(weights) < LEAST_EFFECTIVE:
        return DOMINATED
    found = jackknife(sums, statistic, weights)
    if found is None:
        return UNDEFINED
    if len(sums) < FEW:
        positions = columns.T[np.lexsort(columns)]  # in an order of their own, so that theirs changes no digit
        independent = jackknife(positions, statistic, cluster_weights(positions))
        if independent is not None:
            return replace(found, error=max(found.error, independent.error))
    return found


def cluster_weights(sums: Floats) -> Floats:
    """The size of each cluster: its largest count, which is what its parts are parts of."""
    return np.asarray(np.abs(sums).max(axis=1), dtype=np.float64)


def unvaried_reach(sums: Floats, positions: int, level: float) -> float:
    """How far a figure may be off though all clusters agree on it.

    No position was seen to deviate, so the share of positions that do is at most the exact bound of 0, for a deviation
    of at most 1 each.
    """
    freedom = effective_clusters(cluster_weights(sums)) - 1
    return of_nothing_seen(for_few_clusters(positions, positions, freedom, level), level)


def _counted(columns: Floats, keys: Sequence[Hashable]) -> tuple[Floats, Groups]:
    """The positions that have counts, and their clusters."""
    kept = np.flatnonzero(columns.any(axis=0))
    return columns[:, kept], clusters_of([keys[position] for position in kept.tolist()])


def _ratio(sums: Floats) -> Floats:
    return np.asarray(sums[:, 0] / sums[:, 1], dtype=np.float64)


def _bootstrap(sums: Floats, statistic: Statistic, *, seed: int, draws: int, level: float, method: Method) -> Result:
    """The interval from resamples of whole clusters: what `bench intervals` compares the default with."""
    with np.errstate(divide="ignore", invalid="ignore"):
        estimates = np.asarray(statistic(resampled(sums, seed=seed, draws=draws)), dtype=np.float64)
        value = float(statistic(sums.sum(axis=0, keepdims=True))[0])
    estimates = estimates[np.isfinite(estimates)]
    if not len(estimates):
        return UNDEFINED
    normal = wide_normal(level, len(sums))
    ends: Ends | None = None
    if method != "percentile":
        ends = bca(value, estimates, without_each(sums, statistic), normal)
    low, high = ends or percentile(estimates, normal)
    return Interval(low, high, level, BCA if ends else PERCENTILE, len(sums)) if low < high else NO_SPREAD


def quantile_interval(
    values: Sequence[float],
    keys: Sequence[Hashable],
    quantile: float,
    *,
    seed: int = 0,
    draws: int = 0,
    level: float = 0.95,
) -> Interval | None:
    """`quantile_result`, with None in place of a Refusal. seed and draws change nothing: nothing is drawn."""
    return _or_none(quantile_result(values, keys, quantile, level=level))


def quantile_result(
    values: Sequence[float], keys: Sequence[Hashable], quantile: float, *, level: float = 0.95
) -> Result:
    """The interval of a quantile between two of the sorted values, by the exact binomial distribution of how many lie
    below it (Hahn and Meeker 1991, section 5.2).

    The values of one cluster are alike and count as fewer (Korn and Graubard 1998). A Refusal with fewer than two
    clusters, and with so few effective values that none of them can be an end (metrics.latency.interval_supported).
    """
    groups = clusters_of(keys)
    array = np.asarray(values, dtype=np.float64)
    if len(groups) < 2:
        return ONE_CLUSTER
    effective = effective_values(array, groups, quantile, level)
    if not interval_supported(effective, quantile, level):
        return too_few_values(len(array), effective, len(groups))
    low, high = order_statistics(np.sort(array), quantile, effective, level)
    return Interval(low, high, level, ORDER, len(groups)) if low < high else NO_SPREAD


def too_few_values(count: int, effective: float, clusters: int) -> Refusal:
    """The Refusal of a quantile that this many effective values cannot bound."""
    if clusters == count:
        return Refusal(f"{count} turns are too few for an interval")
    return Refusal(
        f"{count} turns of {clusters} {{unit}}s are worth {effective:.1f} independent ones, too few for an interval"
    )


def _or_none(found: Result) -> Interval | None:
    return found if isinstance(found, Interval) else None
