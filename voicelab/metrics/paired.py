"""Two systems on the same samples: how much a figure differs, in itself and in relation, and how sure that is.

Both systems' counts of a sample are resampled together, whole clusters at a time, so what makes a sample hard for both
cancels out. Differences are second minus first.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from voicelab.metrics.intervals import PERCENTILE, Floats, Interval, clusters_of, sums_interval
from voicelab.metrics.latency import interval_supported, least_turns
from voicelab.metrics.resampling import percentile, resampled, wide_normal

Share = tuple[float, float]
"""(part, whole) of one sample."""


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A figure of two systems over `samples` that both have; None where it is not defined.

    relative: the difference in relation to the first system's figure.
    """

    first: float | None
    second: float | None
    difference: float | None
    interval: Interval | None
    relative: float | None
    relative_interval: Interval | None
    samples: int


def paired_rates(
    first: Sequence[Share], second: Sequence[Share], keys: Sequence[Hashable], *, seed: int, draws: int = 2000
) -> PairedDifference:
    """The difference of two rates. first, second: the counts of each sample, in one order. keys: their clusters."""
    columns = [
        [part for part, _ in first], [whole for _, whole in first],
        [part for part, _ in second], [whole for _, whole in second],
    ]  # fmt: skip
    a, n, b, m = (float(sum(column)) for column in columns)
    one, other = a / n if n else None, b / m if m else None
    if one is None or other is None:
        return PairedDifference(one, other, None, None, None, None, len(first))
    return PairedDifference(
        one,
        other,
        other - one,
        sums_interval(columns, keys, _difference, seed=seed, draws=draws),
        other / one - 1 if one else None,
        sums_interval(columns, keys, _relative, seed=seed, draws=draws, least=-1.0) if one else None,
        len(first),
    )


def _difference(sums: Floats) -> Floats:
    return np.asarray(sums[:, 2] / sums[:, 3] - sums[:, 0] / sums[:, 1], dtype=np.float64)


def _relative(sums: Floats) -> Floats:
    return np.asarray((sums[:, 2] / sums[:, 3]) / (sums[:, 0] / sums[:, 1]) - 1, dtype=np.float64)


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
    """The difference of two quantiles of values that are paired by sample; refused like the quantiles themselves."""
    count = len(first)
    if count < least_turns(quantile):
        return PairedDifference(None, None, None, None, None, None, count)
    one, other = (float(np.quantile(values, quantile)) for values in (first, second))
    interval = relative_interval = None
    groups = clusters_of(keys)
    if len(groups) >= 2 and interval_supported(count, quantile, level):
        cluster_of = np.empty(count, dtype=np.intp)
        for number, group in enumerate(groups):
            cluster_of[group] = number
        times = resampled(np.eye(len(groups)), seed=seed, draws=draws)[:, cluster_of]
        before, after = (_quantile_of_each(np.asarray(values), times, quantile) for values in (first, second))
        normal = wide_normal(level, len(groups))
        interval = Interval(*percentile(after - before, normal), level, PERCENTILE, len(groups))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratios = after / before - 1
        if np.isfinite(ratios).all():
            relative_interval = Interval(*percentile(ratios, normal), level, PERCENTILE, len(groups))
    relative = other / one - 1 if one > 0 else None
    return PairedDifference(one, other, other - one, interval, relative, relative_interval, count)


def _quantile_of_each(values: Floats, times: Floats, quantile: float) -> Floats:
    """The quantile (type 7) of each resample. times: how often it holds each value; shape (draws, values)."""
    order = np.argsort(values, kind="stable")
    ordered, reached = values[order], np.cumsum(times[:, order], axis=1)
    place = (reached[:, -1] - 1) * quantile
    below = np.floor(place)
    low = ordered[(reached <= below[:, None]).sum(axis=1)]
    high = ordered[(reached <= np.minimum(below + 1, reached[:, -1] - 1)[:, None]).sum(axis=1)]
    return np.asarray(low + (high - low) * (place - below), dtype=np.float64)
