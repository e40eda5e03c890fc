"""Latencies: quantiles of what turns took, never a bare mean, and none that too few turns can tell."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

QUANTILES = {"p50_s": 0.50, "p90_s": 0.90, "p95_s": 0.95, "p99_s": 0.99}


@dataclass(frozen=True, slots=True)
class Quantiles:
    """n turns, in seconds; None where there were none, or fewer than the quantile needs (`least_turns`)."""

    n: int
    p50_s: float | None
    p90_s: float | None
    p95_s: float | None
    p99_s: float | None
    max_s: float | None


def quantiles(durations_s: Iterable[float]) -> Quantiles:
    """Quantiles by linear interpolation (Hyndman & Fan 1996, type 7, as numpy's default)."""
    values = np.fromiter(durations_s, dtype=np.float64)
    if not len(values):
        return Quantiles(0, None, None, None, None, None)
    found = np.quantile(values, list(QUANTILES.values()))
    p50_s, p90_s, p95_s, p99_s = (
        float(point) if len(values) >= least_turns(quantile) else None
        for point, quantile in zip(found, QUANTILES.values(), strict=True)
    )
    return Quantiles(len(values), p50_s, p90_s, p95_s, p99_s, float(values.max()))


def least_turns(quantile: float) -> int:
    """The fewest values that say anything of a quantile: 1 / (1 - q), on either side of the middle.

    With fewer, less than one value is expected beyond the quantile, and what stands for it is the largest value under
    another name: 2 for the median, 10 for p90, 20 for p95, 100 for p99. The smallest and the largest value need 1.
    """
    if not 0 < quantile < 1:
        return 1
    return math.ceil(1 / min(quantile, 1 - quantile) - 1e-9)


def least_turns_for_interval(quantile: float, level: float = 0.95) -> int:
    """The fewest values of which one can be the far end of an interval of a quantile.

    All n values lie below the quantile with probability q ** n; that must not exceed the tail of the interval
    (the interval by order statistics, Hahn and Meeker 1991, section 5.2): 6 for the median, 36 for p90, 72 for p95,
    368 for p99.
    """
    return math.ceil(math.log((1 - level) / 2) / math.log(max(quantile, 1 - quantile)) - 1e-9)


def interval_supported(values: float, quantile: float, level: float = 0.95) -> bool:
    """Whether so many values can tell both ends of an interval of a quantile; those of all values cannot be told."""
    return 0 < quantile < 1 and values >= least_turns_for_interval(quantile, level)
