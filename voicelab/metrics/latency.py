"""Latency quantiles, with the minimum number of turns that each requires."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

QUANTILES = {"p50_s": 0.50, "p90_s": 0.90, "p95_s": 0.95, "p99_s": 0.99}


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Quantiles of n turns in seconds; None below the required number of turns (`least_turns`)."""

    n: int
    p50_s: float | None
    p95_s: float | None


def quantiles(durations_s: Iterable[float]) -> Quantiles:
    """Compute quantiles by linear interpolation (Hyndman & Fan 1996, type 7, numpy's default)."""
    values = np.fromiter(durations_s, dtype=np.float64)
    p50_s, p95_s = (
        float(np.quantile(values, quantile)) if len(values) >= least_turns(quantile) else None
        for quantile in (0.5, 0.95)
    )
    return Quantiles(len(values), p50_s, p95_s)


def least_turns(quantile: float) -> int:
    """Return the minimum number of values for a quantile q: 1 / (1 - q), or 1 / q below the median.

    With fewer values, less than one is expected beyond the quantile, and the estimate is in effect the maximum. The
    minimum is 2 for the median, 10 for p90, 20 for p95 and 100 for p99, and 1 for the smallest and largest value.
    """
    if not 0 < quantile < 1:
        return 1
    return math.ceil(1 / min(quantile, 1 - quantile) - 1e-9)


def least_turns_for_interval(quantile: float, level: float = 0.95) -> int:
    """Return the minimum number of values for a two-sided interval of a quantile.

    All n values lie below the quantile with probability q ** n, which must not exceed the tail probability of the
    interval (order statistics, Hahn and Meeker 1991, section 5.2): 6 for the median, 36 for p90, 72 for p95, 368 for
    p99.
    """
    return math.ceil(math.log((1 - level) / 2) / math.log(max(quantile, 1 - quantile)) - 1e-9)


def interval_supported(values: float, quantile: float, level: float = 0.95) -> bool:
    """Whether this many values determine both ends of a quantile's interval."""
    return 0 < quantile < 1 and values >= least_turns_for_interval(quantile, level)
