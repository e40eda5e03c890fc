"""Finds where a metric first crosses a threshold as conditions worsen, with a confidence interval."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from voicelab.metrics.clusters import Floats, clusters_of
from voicelab.metrics.intervals import FEW
from voicelab.metrics.resampling import wide_normal

Outcome = Literal["crossed", "never", "before", "undefined"]
"""crossed: between two conditions. never: not even in the worst. before: already in the mildest. undefined: no rate."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The limit of a metric. value: absolute, or (relative) a factor of the value without a condition.

    falls: a lower value is worse (as for recall); otherwise a higher one (as for word error rate).
    """

    value: float
    relative: bool
    falls: bool


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A crossing. at: its position on the axis; None unless `crossed`. low, high: its interval at `level`, in axis
    order.

    An end of the interval outside the tested range is None, and open_mild or open_severe gives the side. crossed_share:
    fraction of resamples that cross between two conditions. limit: the threshold as a rate.
    """

    outcome: Outcome
    at: float | None
    limit: float | None
    low: float | None
    high: float | None
    open_mild: bool
    open_severe: bool
    crossed_share: float | None
    level: float


def breakpoint_of(
    places: Sequence[float],
    numerators: Sequence[Sequence[float]],
    denominators: Sequence[Sequence[float]],
    keys: Sequence[Hashable],
    threshold: Threshold,
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> Breakpoint:
    """Return the first position, from mild to severe, where sum(numerators) / sum(denominators) crosses the threshold.

    places: positions of the conditions on the axis, mildest first, strictly monotone. numerators, denominators: one row
    without a condition, then one per position; one column per sample. keys: the cluster of each sample.

    The rate is interpolated linearly between two conditions. The interval is a percentile bootstrap over whole
    clusters, widened for few clusters. All rows use the same resamples, a relative threshold is recomputed in each
    resample, and a resample without a crossing counts as beyond that end. There is no interval (None on both sides)
    with fewer than `FEW` clusters, and when all resamples cross at the same position.
    """
    groups = clusters_of(keys)
    above = np.array([[np.sum(np.asarray(row)[group]) for group in groups] for row in numerators], dtype=np.float64)
    below = np.array([[np.sum(np.asarray(row)[group]) for group in groups] for row in denominators], dtype=np.float64)
    everyone = np.arange(len(groups))[None, :]
    positions, limits = _positions(above, below, everyone, threshold)
    position, limit = float(positions[0]), float(limits[0])
    if np.isnan(position):
        return Breakpoint("undefined", None, None, None, None, False, False, None, level)
    outcome: Outcome = "before" if position < 0 else "never" if np.isinf(position) else "crossed"
    at = _place(position, places) if outcome == "crossed" else None
    if len(groups) < FEW:
        return Breakpoint(outcome, at, limit, None, None, False, False, None, level)
    picks = np.random.default_rng(seed).integers(len(groups), size=(draws, len(groups)))
    drawn, _ = _positions(above, below, picks, threshold)
    drawn = np.sort(drawn[~np.isnan(drawn)])
    tail = NormalDist().cdf(-wide_normal(level, len(groups)))
    # Order statistics without interpolation, because a resample beyond an end has no position.
    mild, severe = (float(np.quantile(drawn, share, method="nearest")) for share in (tail, 1 - tail))
    ends = [None if end < 0 or np.isinf(end) else _place(end, places) for end in (mild, severe)]
    share = float(np.mean((drawn >= 0) & np.isfinite(drawn)))
    if severe - mild <= 1e-9 and ends[0] is not None:
        return Breakpoint(outcome, at, limit, None, None, False, False, share, level)
    low, high = ends if places[0] <= places[-1] else ends[::-1]
    return Breakpoint(outcome, at, limit, low, high, mild < 0, bool(np.isinf(severe)), share, level)


def _positions(
    above: Floats, below: Floats, picks: np.ndarray[tuple[int, int], np.dtype[np.int64]], threshold: Threshold
) -> tuple[Floats, Floats]:
    """Return the crossing of each resample in units of conditions (1.5: between the second and third), and the limit.

    -1: already crossed in the mildest condition; inf: never; nan: undefined rate.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = above[:, picks].sum(axis=2) / below[:, picks].sum(axis=2)
    limits = rates[0] * threshold.value if threshold.relative else np.full(rates.shape[1], threshold.value)
    # Above 0: better than the limit.
    room = (rates[1:] - limits) if threshold.falls else (limits - rates[1:])
    passed = room < -1e-12  # a rate that equals the limit up to rounding has not crossed it
    first = np.argmax(passed, axis=0)
    columns = np.arange(rates.shape[1])
    positions = np.full(rates.shape[1], np.inf)
    positions[passed[0]] = -1
    inside = passed.any(axis=0) & ~passed[0]
    worse, better = room[first[inside], columns[inside]], room[first[inside] - 1, columns[inside]]
    positions[inside] = first[inside] - 1 + better / (better - worse)
    positions[np.isnan(room).any(axis=0)] = np.nan
    return positions, limits


def _place(position: float, places: Sequence[float]) -> float:
    step = min(int(position), len(places) - 2)
    return places[step] + (position - step) * (places[step + 1] - places[step])
