"""Confidence intervals of rates, other statistics of counts, and quantiles, for clustered observations.

Clusters are whole speakers if the samples name them, because the samples of one speaker are correlated; otherwise
conversations or samples. No interval has zero width: without variation between samples an exact interval is used, and
when none can be computed, a Refusal gives the reason. docs/explanation/confidence_intervals.md describes the methods
and their measured coverage.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import ParamSpec

import numpy as np

from voicelab.metrics.clusters import Floats, Groups, clusters_of, effective_clusters, summed
from voicelab.metrics.exact import clopper_pearson, for_few_clusters, garwood, of_nothing_seen
from voicelab.metrics.jackknife import Jackknife, Statistic, jackknife
from voicelab.metrics.latency import interval_supported
from voicelab.metrics.order_statistics import effective_values, order_statistics
from voicelab.metrics.score_intervals import FEWEST_ERRORS, of_rate, of_share, slope_of_variance
from voicelab.text.plural import counted

FEW = 5
"""With fewer clusters or effective clusters, an interval is only a bound."""

BOUND = "only a bound"
"""The beginning of a reason why an interval is only a bound."""

LEAST_EFFECTIVE = 1.5
"""With a smaller effective number of clusters, one cluster dominates and there is no interval."""

_Given = ParamSpec("_Given")
UNBOUNDED = (-np.inf, np.inf)

PERCENTILE = "percentile bootstrap"
JACKKNIFE, UNVARIED, ORDER = "jackknife t", "exact, no variation", "order statistics"
BINOMIAL, POISSON = "exact binomial, effective n", "exact Poisson, effective n"


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval at `level`, its method and the number of clusters. low < high always holds.

    bound: None if the coverage of the interval is about `level`. Otherwise the reason why it is only a bound: its
    coverage is at least `level`, and it is wider than necessary. `{unit}` in it stands for the kind of cluster.
    """

    low: float
    high: float
    level: float
    method: str
    clusters: int
    bound: str | None = None

    def limits(self, unit: str = "cluster") -> str | None:
        """Return the reason why the interval is only a bound, or None."""
        return None if self.bound is None else self.bound.replace("{unit}", unit)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Reason for a missing interval. reason: a sentence in which `{unit}` stands for the kind of cluster."""

    reason: str

    def text(self, unit: str = "cluster") -> str:
        return self.reason.replace("{unit}", unit)


Result = Interval | Refusal

ONE_CLUSTER = Refusal("fewer than two {unit}s were scored")
NOTHING = Refusal("the denominator is 0")
DOMINATED = Refusal("almost all data comes from one {unit}")
UNDEFINED = Refusal("the figure is not defined without one of the {unit}s")
NO_SPREAD = Refusal("the values do not differ, so their variance is 0")
ALIKE_AND_UNBOUNDED = Refusal("the {unit}s do not differ, and the figure has no greatest value to bound others by")
ALIKE = f"{BOUND}: the {{unit}}s do not differ"


def ratio_result(
    numerators: Sequence[float],
    denominators: Sequence[float],
    keys: Sequence[Hashable],
    *,
    level: float = 0.95,
    share: bool | None = None,
) -> Result:
    """Return the interval of sum(numerators) / sum(denominators), for rates of counts.

    keys: the cluster of each position. share: whether the rate is at most 1 at every position; by default, whether no
    numerator exceeds its denominator. Pass False when the denominator is not a count, such as minutes.

    With at least `FEW` clusters: the score interval with the jackknife's standard error and Student's t
    (`metrics.score_intervals`). With fewer, with fewer than `FEWEST_ERRORS` positions that err (for a share, also that
    do not), and without variation between clusters: an exact interval. The interval is a bound in these cases and with
    fewer than `FEW` effective clusters. Negative numerators: as `sums_result`.
    """
    columns, groups = _counted(np.asarray([numerators, denominators], dtype=np.float64), keys)
    if (columns[0] < 0).any():
        return sums_result([numerators, denominators], keys, _ratio, level=level)
    is_share = bool((columns[0] <= columns[1]).all()) if share is None else share
    return ratio_of_clusters(columns, summed(columns, groups), level, share=is_share)


def ratio_of_clusters(columns: Floats, sums: Floats, level: float, *, share: bool) -> Result:
    """Return the interval of a rate from the counts of each position and the sums of each cluster.

    columns: numerators and denominators, shape (2, positions). sums: shape (clusters, 2).
    """
    part, whole = (float(total) for total in columns.sum(axis=1))
    if not whole > 0:
        return NOTHING
    if len(sums) < 2:
        return ONE_CLUSTER
    if effective_clusters(sums[:, 1]) < LEAST_EFFECTIVE:
        return DOMINATED
    erring, others = int((columns[0] > 0).sum()), int((columns[0] < columns[1]).sum())
    rare, few = min(erring, others) if share else erring, None
    if rare < FEWEST_ERRORS:
        few = f"{BOUND}: {rare} of {columns.shape[1]} samples differ from the rest, too few"
    reason = few_clusters(sums[:, 1]) or few
    value = part / whole
    if value == 0 or (share and value == 1):
        trials = float((columns[1] > 0).sum()) if share else whole
        return _exact(value, trials, trials, sums, level, reason, share=share)
    found = jackknife(sums, _ratio, sums[:, 1], slope_of_variance(value, is_share=share))
    if found is None:
        return UNDEFINED
    if len(sums) >= FEW and found.error > 0 and few is None:
        ends = of_share(found, erring, others, level) if share else of_rate(found, erring, level)
        return Interval(*ends, level, JACKKNIFE, len(sums), reason)
    independent = value * (1 - value) if share else value
    effective = min(whole, independent / found.error**2) if found.error > 0 else whole
    return _exact(value, effective, whole, sums, level, reason or ALIKE, share=share)


def few_clusters(weights: Floats) -> str | None:
    """Return why clusters of these sizes give only a bound, or None: too few, or too unequal to count as `FEW`."""
    effective = effective_clusters(weights)
    if len(weights) < FEW:
        return f"{BOUND}: {len(weights)} {{unit}}s are too few"
    if round(effective) < FEW:
        return f"{BOUND}: {len(weights)} unequal {{unit}}s count as {effective:.1f}, too few"
    return None


def _exact(
    value: float, effective: float, trials: float, sums: Floats, level: float, reason: str | None, *, share: bool
) -> Interval:
    """Return the exact interval of a rate over `trials` observations that count as `effective` independent ones."""
    freedom = effective_clusters(sums[:, 1]) - 1
    count = for_few_clusters(effective, trials, freedom, level)
    ends = (clopper_pearson if share else garwood)(value, count, level)
    return Interval(*ends, level, BINOMIAL if share else POISSON, len(sums), reason)


def sums_result(
    columns: Sequence[Sequence[float]],
    keys: Sequence[Hashable],
    statistic: Statistic,
    *,
    level: float = 0.95,
    bounds: tuple[float, float] = UNBOUNDED,
) -> Result:
    """Return the interval of a statistic of summed counts, such as word information lost: jackknife with Student's t.

    columns: one sequence of counts per column, each as long as keys. statistic: maps sums of shape (n, columns) to n
    estimates, nan where undefined. bounds: the least and the greatest value of the statistic, at which the interval is
    truncated; without them, clusters that do not differ give a Refusal.
    """
    counts, groups = _counted(np.asarray(columns, dtype=np.float64), keys)
    if len(groups) < 2:
        return ONE_CLUSTER
    sums = summed(counts, groups)
    found = over_clusters(sums, counts, statistic)
    if isinstance(found, Refusal):
        return found
    reach, name, reason = found.reach(level), JACKKNIFE, few_clusters(cluster_weights(sums))
    if found.error == 0:
        width = bounds[1] - bounds[0]
        if not np.isfinite(width):
            return ALIKE_AND_UNBOUNDED
        reach, name, reason = width * unvaried_reach(sums, counts.shape[1], level), UNVARIED, reason or ALIKE
    low, high = max(bounds[0], found.value - reach), min(bounds[1], found.value + reach)
    return Interval(low, high, level, name, len(groups), reason) if low < high else NO_SPREAD


def over_clusters(
    sums: Floats, columns: Floats, statistic: Statistic, method: Callable[..., Jackknife | None] = jackknife
) -> Jackknife | Refusal:
    """Return the jackknife of a statistic of counts. sums: per cluster; columns: shape (columns, positions).

    method: `jackknife` or `adjusted_jackknife`.

    Few clusters with small integer counts may agree by chance. Below `FEW` clusters, the error is therefore at least
    that of independent positions.
    """
    weights = cluster_weights(sums)
    if effective_clusters(weights) < LEAST_EFFECTIVE:
        return DOMINATED
    found = method(sums, statistic, weights)
    if found is None:
        return UNDEFINED
    if len(sums) < FEW:
        positions = columns.T[np.lexsort(columns)]  # sorted, so that the order of the input does not change any digit
        independent = method(positions, statistic, cluster_weights(positions))
        if independent is not None:
            return replace(found, error=max(found.error, independent.error))
    return found


def cluster_weights(sums: Floats) -> Floats:
    """Return the size of each cluster: its largest count, the denominator of the others."""
    return np.asarray(np.abs(sums).max(axis=1), dtype=np.float64)


def unvaried_reach(sums: Floats, positions: int, level: float) -> float:
    """Return the possible error of a figure on which all clusters agree, as a share of the figure's range.

    No position deviated, so the share of deviating positions is at most the exact upper limit of 0 events. Each
    deviates by at most the range.
    """
    freedom = effective_clusters(cluster_weights(sums)) - 1
    return of_nothing_seen(for_few_clusters(positions, positions, freedom, level), level)


def _counted(columns: Floats, keys: Sequence[Hashable]) -> tuple[Floats, Groups]:
    """Return the positions with counts, and their clusters."""
    kept = np.flatnonzero(columns.any(axis=0))
    return columns[:, kept], clusters_of([keys[position] for position in kept.tolist()])


def _ratio(sums: Floats) -> Floats:
    return np.asarray(sums[:, 0] / sums[:, 1], dtype=np.float64)


def quantile_result(
    values: Sequence[float], keys: Sequence[Hashable], quantile: float, *, level: float = 0.95
) -> Result:
    """Return the interval of a quantile between two order statistics, by the exact binomial distribution (Hahn and
    Meeker 1991, section 5.2).

    Correlated values within a cluster reduce the effective number of values (Korn and Graubard 1998). Returns a Refusal
    for fewer than two clusters, and for too few effective values (metrics.latency.interval_supported).
    """
    groups = clusters_of(keys)
    array = np.asarray(values, dtype=np.float64)
    if len(groups) < 2:
        return ONE_CLUSTER
    return quantile_of_clusters(array, groups, quantile, level)


def quantile_of_clusters(array: Floats, groups: Groups, quantile: float, level: float) -> Result:
    """Return the interval of a quantile. groups: the positions of the values of each cluster, at least two."""
    effective = effective_values(array, groups, quantile, level)
    if not interval_supported(effective, quantile, level):
        return too_few_values(len(array), effective, len(groups))
    low, high = order_statistics(np.sort(array), quantile, effective, level)
    reason = few_clusters(np.array([len(group) for group in groups], dtype=np.float64))
    return Interval(low, high, level, ORDER, len(groups), reason) if low < high else NO_SPREAD


def too_few_values(count: int, effective: float, clusters: int) -> Refusal:
    """Return the Refusal for a quantile with too few effective values."""
    if clusters == count:
        return Refusal(f"{counted(count, 'turn')}, too few for an interval")
    size = f"{count} turns in {clusters} clusters by {{unit}} have an effective size of {effective:.1f}"
    return Refusal(f"{size}, too few for an interval")


def _interval_of(measure: Callable[_Given, Result]) -> Callable[_Given, Interval | None]:
    """Return the function with None instead of a Refusal."""

    @wraps(measure)
    def measured(*args: _Given.args, **kwargs: _Given.kwargs) -> Interval | None:
        found = measure(*args, **kwargs)
        return found if isinstance(found, Interval) else None

    return measured


ratio_interval = _interval_of(ratio_result)
quantile_interval = _interval_of(quantile_result)
