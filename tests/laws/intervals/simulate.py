"""Simulate the designs: coverage of intervals and false alarms of paired tests. Each cell has its own seed."""

from __future__ import annotations

import multiprocessing
import os
import random
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from statistics import NormalDist
from typing import Literal, TypeVar

import numpy as np
from scipy import stats

from tests.laws.intervals.designs import (
    RATES,
    SPEAKERS,
    SPEAKERS_VARY,
    TURNS_VARY,
    Counts,
    SimulatedTurns,
    TrueRate,
    one_system,
    times,
    two_systems,
)
from voicelab.metrics.clusters import Floats
from voicelab.metrics.intervals import Interval, Result, quantile_of_clusters, ratio_of_clusters
from voicelab.metrics.mapsswe import matched_pairs
from voicelab.metrics.paired import PairedDifference, difference_of_clusters
from voicelab.metrics.significance import mcnemar, sign_test, wilcoxon

Table = Literal["coverage", "percentiles", "differences", "false alarms", "other tests"]
TABLES: tuple[Table, ...] = ("coverage", "percentiles", "differences", "false alarms", "other tests")
LEVEL = 0.95
QUANTILES = (0.5, 0.9, 0.95)
SUITS = (0.0, 0.5)
FEWEST_RANKED = 6
BATCH_TURNS = 200_000
"""Sets are simulated in batches of about this many turns."""
_Found = TypeVar("_Found")
OneSet = tuple[Floats, Floats]
"""The counts of the turns of a set, shape (columns, turns), and the sums of each speaker, shape (speakers, columns)."""


@dataclass(frozen=True, slots=True)
class Design:
    """One cell. row: which rate, percentile or pair of systems, by name."""

    table: Table
    row: str
    counts: Counts
    speakers: int


@dataclass(frozen=True, slots=True)
class Cell:
    """The result of a design in `sets` simulated sets.

    answered: number of sets with a 95 % interval or a test. bounds: number of sets with only a bound. The others are
    refused. share: share of the answered sets whose interval contains the true value, or whose test has a false alarm.
    together: share of the sets with an interval or a bound that contains the true value; None for tests. width: median
    width of the intervals; None for tests.
    """

    design: Design
    method: str
    sets: int
    answered: int
    share: float | None
    bounds: int = 0
    together: float | None = None
    width: float | None = None

    @property
    def error(self) -> float | None:
        """The standard error of the share, from the number of sets."""
        return None if self.share is None else (self.share * (1 - self.share) / self.answered) ** 0.5

    @property
    def mostly_refused(self) -> bool:
        """Whether more than half of the sets have no 95 % interval or no test."""
        return 2 * self.answered < self.sets


def designs(tables: Sequence[Table], speakers: Sequence[int] = SPEAKERS) -> list[Design]:
    rows: dict[Table, list[str]] = {
        "coverage": [rate.name for rate in RATES],
        "percentiles": [f"p{100 * quantile:g}" for quantile in QUANTILES],
        "differences": [rate.name for rate in RATES],
        "false alarms": [_pair_name(rate, suits) for rate in RATES[:3] for suits in SUITS],
        "other tests": [_pair_name(RATES[1], SUITS[1])],
    }
    kinds: tuple[Counts, ...] = ("equal", "Pareto")
    return [
        Design(table, row, kind, count)
        for table in tables
        for row in rows[table]
        for kind in kinds
        for count in speakers
    ]


def _pair_name(rate: TrueRate, suits: float) -> str:
    return f"{rate.name}, speakers suit {'one system' if suits else 'both alike'}"


def run(cells: Sequence[Design], sets: int, seed: int, jobs: int | None = None) -> Iterator[list[Cell]]:
    """Yield the cells of all designs as they finish. The figures do not depend on the number of processes.

    The order is shuffled, so that the remaining time can be estimated from the elapsed time.
    """
    mixed = random.Random(0).sample(cells, len(cells))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs or os.cpu_count() or 1, mp_context=context) as pool:
        for future in as_completed([pool.submit(simulate, cell, sets, seed) for cell in mixed]):
            yield future.result()


def simulate(design: Design, sets: int, seed: int) -> list[Cell]:
    """One design. sets: number of sets, and of intervals or tests; see `_until_answered`."""
    # A design has one seed in both tables of tests.
    kind = "false alarms" if design.table == "other tests" else design.table
    name = f"{kind}/{design.row}/{design.counts}/{design.speakers}"
    chance = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return _SIMULATIONS[design.table](design, sets, chance)


def _rate_of(design: Design) -> TrueRate:
    return next(rate for rate in RATES if design.row.startswith(rate.name))


def _until_answered(found: Iterator[_Found], sets: int, answered: Callable[[_Found], bool]) -> list[_Found]:
    """Return the results of `sets` sets, and of as many more, at most, as it takes for `sets` answers.

    The standard error of a cell then hardly depends on how many sets are refused. A cell that is mostly refused gets no
    more sets.
    """
    drawn = list(islice(found, sets))
    count = sum(map(answered, drawn))
    while sets / 2 <= count < sets and len(drawn) < 2 * sets:
        drawn.append(next(found))
        count += answered(drawn[-1])
    return drawn


def _sets(draw: Callable[[int], SimulatedTurns], speakers: int) -> Iterator[OneSet]:
    """Yield the counts of set after set. draw: returns the turns of a number of speakers, who are independent."""
    size = max(1, BATCH_TURNS // (20 * speakers))
    while True:
        turns = draw(size * speakers)
        columns = np.stack([turns.parts, turns.wholes], axis=1).reshape(-1, len(turns.speaker)).astype(np.float64)
        starts = np.searchsorted(turns.speaker, np.arange(size * speakers + 1))
        sums = np.add.reduceat(columns, starts[:-1], axis=1).T
        for first in range(0, size * speakers, speakers):
            last = first + speakers
            yield columns[:, starts[first] : starts[last]], np.ascontiguousarray(sums[first:last])


def _coverage(design: Design, sets: int, chance: np.random.Generator) -> list[Cell]:
    rate = _rate_of(design)
    drawn = _sets(lambda speakers: one_system(chance, rate, speakers, design.counts), design.speakers)
    found = (ratio_of_clusters(columns, sums, LEVEL, share=True) for columns, sums in drawn)
    return [_covered(design, "interval", _until_answered(found, sets, _is_interval), rate.truth)]


def _percentiles(design: Design, sets: int, chance: np.random.Generator) -> list[Cell]:
    quantile = float(design.row[1:]) / 100
    truth = float(np.exp(NormalDist().inv_cdf(quantile) * np.hypot(SPEAKERS_VARY, TURNS_VARY)))

    def intervals() -> Iterator[Result]:
        size = max(1, BATCH_TURNS // (20 * design.speakers))
        while True:
            speaker, values = times(chance, size * design.speakers, design.counts)
            starts = np.searchsorted(speaker, np.arange(size * design.speakers + 1))
            for first in range(0, size * design.speakers, design.speakers):
                ends = starts[first : first + design.speakers + 1] - starts[first]
                groups = [np.arange(start, end) for start, end in pairwise(ends)]
                own = values[starts[first] : starts[first + design.speakers]]
                yield quantile_of_clusters(own, groups, quantile, LEVEL)

    return [_covered(design, "interval", _until_answered(intervals(), sets, _is_interval), truth)]


def _differences(design: Design, sets: int, chance: np.random.Generator) -> list[Cell]:
    """The second system has 0.7 times the errors."""
    rate = _rate_of(design)
    before, after = _true_rates(rate)
    drawn = _pairs(chance, rate, design, SUITS[1], 0.7)
    found = _until_answered(drawn, sets, lambda one: _is_interval(one.interval))
    return [
        _covered(design, "absolute", [one.interval for one in found], after - before),
        _covered(design, "relative", [one.relative_interval for one in found], after / before - 1),
    ]


@lru_cache
def _true_rates(rate: TrueRate) -> tuple[float, float]:
    """Return both systems' true rates, computed from one very large set."""
    large = two_systems(np.random.default_rng(1), rate, 100_000, "equal", SUITS[1], 0.7)
    before, after = large.parts.sum(axis=1) / large.wholes.sum(axis=1)
    return float(before), float(after)


def _pairs(
    chance: np.random.Generator, rate: TrueRate, design: Design, suits: float, effect: float
) -> Iterator[PairedDifference]:
    def draw(speakers: int) -> SimulatedTurns:
        return two_systems(chance, rate, speakers, design.counts, suits, effect)

    return (difference_of_clusters(columns, sums, LEVEL) for columns, sums in _sets(draw, design.speakers))


def _false_alarms(design: Design, sets: int, chance: np.random.Generator) -> list[Cell]:
    suits = SUITS[design.row.endswith("one system")]
    drawn = _pairs(chance, _rate_of(design), design, suits, 1.0)
    found = _until_answered((one.p_value for one in drawn), sets, lambda p: p is not None)
    return [_alarmed(design, "t by speaker", [None if p is None else p < 1 - LEVEL for p in found])]


def _other_tests(design: Design, sets: int, chance: np.random.Generator) -> list[Cell]:
    rate, found = _rate_of(design), []
    for _ in range(sets):
        found.append(_alarms(two_systems(chance, rate, design.speakers, design.counts, SUITS[1])))
    return [_alarmed(design, test, [one[test] for one in found]) for test in found[0]]


def _alarms(turns: SimulatedTurns) -> dict[str, bool | None]:
    """Which tests are significant at the 5 % level; None where a test has no p-value.

    Exact tests of fewer than six pairs count as without one, because their p-value cannot be below 0.05.
    """
    drawn = _bca(turns)
    sizes = np.bincount(turns.speaker, turns.wholes[0])
    rates = [np.bincount(turns.speaker, part) / sizes for part in turns.parts]
    wrong = [part > 0 for part in turns.parts]
    different = np.flatnonzero(wrong[0] | wrong[1])
    ranked = len(rates[0]) >= FEWEST_RANKED
    p_values = {
        "sign": sign_test(*(rate.tolist() for rate in rates)).p_value if ranked else None,
        "Wilcoxon": wilcoxon(*(rate.tolist() for rate in rates)).p_value if ranked else None,
        "MAPSSWE": matched_pairs(*(part[different].tolist() for part in turns.parts)).p_value,
        "McNemar": mcnemar(*((~one).tolist() for one in wrong)).p_value,
    }
    alarms = {test: None if p is None else p < 1 - LEVEL for test, p in p_values.items()}
    return {"BCa": None if drawn is None else drawn[0] > 0 or drawn[1] < 0} | alarms


def _bca(turns: SimulatedTurns) -> tuple[float, float] | None:
    """The 95 % BCa interval of the difference, by a bootstrap over speakers; None where it is not defined."""
    sums = [np.bincount(turns.speaker, column) for column in (*turns.parts, *turns.wholes)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        low, high = stats.bootstrap(
            sums, _difference, n_resamples=500, vectorized=True, paired=True, method="BCa", rng=0
        ).confidence_interval
    return (float(low), float(high)) if low < high else None


def _difference(parts: Floats, others: Floats, wholes: Floats, of_others: Floats, axis: int = -1) -> Floats:
    return np.asarray(others.sum(axis) / of_others.sum(axis) - parts.sum(axis) / wholes.sum(axis))


def _is_interval(found: object) -> bool:
    return isinstance(found, Interval) and found.bound is None


def _covered(design: Design, method: str, results: Sequence[object], truth: float) -> Cell:
    found = [one for one in results if isinstance(one, Interval)]
    held = np.array([one.low <= truth <= one.high for one in found], dtype=bool)
    sure = np.array([one.bound is None for one in found], dtype=bool)
    answered = int(sure.sum())
    return Cell(
        design,
        method,
        len(results),
        answered,
        float(held[sure].mean()) if answered else None,
        len(found) - answered,
        float(held.mean()) if found else None,
        float(np.median([one.high - one.low for one in found])) if found else None,
    )


def _alarmed(design: Design, method: str, results: Sequence[bool | None]) -> Cell:
    found = [one for one in results if one is not None]
    return Cell(design, method, len(results), len(found), float(np.mean(found)) if found else None)


_SIMULATIONS = {
    "coverage": _coverage,
    "percentiles": _percentiles,
    "differences": _differences,
    "false alarms": _false_alarms,
    "other tests": _other_tests,
}
