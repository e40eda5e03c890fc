"""Where a measure breaks as conditions worsen: the first crossing of a threshold, and how sure that is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from voicelab.metrics.clusters import Floats, clusters_of
from voicelab.metrics.intervals import FEW
from voicelab.metrics.resampling import wide_normal

Outcome = Literal["crossed", "never", "before", "undefined"]
"""crossed: between two conditions. never: not even in the worst. before: in the mildest already. undefined: no rate."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a measure must not pass. value: absolute, or (relative) a factor of what it is without a condition.

    falls: the measure gets worse by falling, as a recall does; else by rising, as a word error rate does.
    """

    value: float
    relative: bool
    falls: bool


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """at: the place on the axis; None unless `crossed`. low, high: its interval at `level`, in the axis's own order.

    Where an end of the interval lies outside of what was tried it is None, and open_mild or open_severe says on which
    side. crossed_share: the share of the draws that crossed between two conditions. limit: the threshold as a rate.
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
    """The first place, from mild to severe, where sum(numerators) / sum(denominators) passes the threshold.

    places: of the conditions on the axis, mildest first, strictly monotone. numerators, denominators: one row without a
    condition, then one for each place; a column for each sample. keys: the cluster of each sample. Between two
    conditions the rate is taken to be a straight line. The interval is a percentile bootstrap, widened for few
    clusters: clusters are drawn whole and the same for all rows, a relative threshold is computed in each draw, and a
    draw that does not cross counts as beyond the end that it is on. Without an interval (None on both sides): with
    fewer than `FEW` clusters, which are too few to resample, and where all draws cross at the same place.
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
    # Order statistics, not interpolated: a draw beyond an end has no place to interpolate with.
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
    """For each draw the crossing, counted in conditions (1.5: halfway between the second and the third), and the limit.

    -1: passed in the mildest already; inf: never; nan: a rate is not defined.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = above[:, picks].sum(axis=2) / below[:, picks].sum(axis=2)
    limits = rates[0] * threshold.value if threshold.relative else np.full(rates.shape[1], threshold.value)
    # Over 0: on the good side.
    room = (rates[1:] - limits) if threshold.falls else (limits - rates[1:])
    passed = room < -1e-12  # a rate that is the limit, but for rounding, has not passed it
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
