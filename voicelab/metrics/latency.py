"""Latencies: quantiles of what turns took, never a bare mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

QUANTILES = {"p50_s": 0.50, "p90_s": 0.90, "p95_s": 0.95, "p99_s": 0.99}


@dataclass(frozen=True, slots=True)
class Quantiles:
    """n turns, in seconds; None where there were none."""

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
    p50_s, p90_s, p95_s, p99_s = (float(point) for point in np.quantile(values, list(QUANTILES.values())))
    return Quantiles(len(values), p50_s, p90_s, p95_s, p99_s, float(values.max()))
