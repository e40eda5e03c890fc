"""Simulate the designs: coverage of intervals and false alarms of paired tests. Each cell has its own seed."""

from __future__ import annotations

import multiprocessing
import os
import random
import warnings
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

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
from voicelab.metrics.intervals import Floats, Interval, quantile_result, ratio_result
from voicelab.metrics.mapsswe import matched_pairs
from voicelab.metrics.paired import PairedDifference, paired_rates
from voicelab.metrics.significance import mcnemar, sign_test, wilcoxon

Table = Literal["coverage", "percentiles", "false alarms", "differences"]
TABLES: tuple[Table, ...] = ("coverage", "percentiles", "false alarms", "differences")
QUANTILES = (0.5, 0.9, 0.95)
SUITS = (0.0, 0.5)
FEWEST_RANKED = 6
TESTS = ("t by speaker", "BCa", "sign", "Wilcoxon", "MAPSSWE", "McNemar")


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

    answered: number of sets with an interval or a p-value. share: share of those whose interval contains the true
    value, or whose test has a false alarm. width: median width of the intervals, None for tests. bounds: number of
    intervals that are only bounds.
    """

    design: Design
    method: str
    sets: int
    answered: int
    share: float | None
    width: float | None
    bounds: int = 0

    @property
    def error(self) -> float | None:
        """The standard error of the share, from the number of sets."""
        return None if self.share is None else (self.share * (1 - self.share) / self.answered) ** 0.5


def designs(tables: Sequence[Table], speakers: Sequence[int] = SPEAKERS) -> list[Design]:
    rows: dict[Table, list[str]] = {
        "coverage": [rate.name for rate in RATES],
        "percentiles": [f"p{100 * quantile:g}" for quantile in QUANTILES],
        "false alarms": [_pair_name(rate, suits) for rate in RATES[:3] for suits in SUITS],
        "differences": [rate.name for rate in RATES],
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
    """One design."""
    name = f"{design.table}/{design.row}/{design.counts}/{design.speakers}"
    chance = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return _SIMULATIONS[design.table](design, sets, chance)


def _rate_of(design: Design) -> TrueRate:
    return next(rate for rate in RATES if design.row.startswith(rate.name))


def _coverage(design: Design, sets: int, chance: np.random.Generator) -> list[Cell]:
    rate = _rate_of(design)
    found: list[Interval] = []
    for _ in range(sets):
        turns = one_system(chance, rate, design.speakers, design.counts)
        one = ratio_result(turns.parts[0], turns.wholes[0], turns.speaker.tolist())
        if isinstance(one, Interval):
            found.append(one)
    return [_covered(design, "interval", found, rate.truth, sets)]


def _percentiles(design: Design, sets: int, chance: np.random.Generator) -> list[Cell]:
    quantile = float(design.row[1:]) / 100
    truth = float(np.exp(NormalDist().inv_cdf(quantile) * np.hypot(SPEAKERS_VARY, TURNS_VARY)))
    found: list[Interval] = []
    for _ in range(sets):
        speaker, values = times(chance, design.speakers, design.counts)
        one = quantile_result(values.tolist(), speaker.tolist(), quantile)
        if isinstance(one, Interval):
            found.append(one)
    return [_covered(design, "interval", found, truth, sets)]


def _differences(design: Design, sets: int, chance: np.random.Generator) -> list[Cell]:
    """The second system has 0.7 times the errors; the true value is computed from one very large set."""
    rate = _rate_of(design)
    large = two_systems(np.random.default_rng(1), rate, 40_000, "equal", SUITS[1], 0.7)
    before, after = (large.parts / large.wholes.sum(axis=1, keepdims=True)).sum(axis=1)
    absolute: list[Interval] = []
    relative: list[Interval] = []
    for _ in range(sets):
        one = _paired(two_systems(chance, rate, design.speakers, design.counts, SUITS[1], 0.7))
        absolute += [one.interval] if one.interval else []
        relative += [one.relative_interval] if one.relative_interval else []
    return [
        _covered(design, "absolute", absolute, after - before, sets),
        _covered(design, "relative", relative, after / before - 1, sets),
    ]


def _false_alarms(design: Design, sets: int, chance: np.random.Generator) -> list[Cell]:
    suits = SUITS[design.row.endswith("one system")]
    found: dict[str, list[bool]] = {test: [] for test in TESTS}
    for _ in range(sets):
        turns = two_systems(chance, _rate_of(design), design.speakers, design.counts, suits)
        for test, alarm in _alarms(turns).items():
            found[test].append(alarm)
    return [
        Cell(design, test, sets, len(alarms), float(np.mean(alarms)) if alarms else None, None)
        for test, alarms in found.items()
    ]


def _paired(turns: SimulatedTurns) -> PairedDifference:
    first, second = (
        list(zip(part.tolist(), whole.tolist(), strict=True))
        for part, whole in zip(turns.parts, turns.wholes, strict=True)
    )
    return paired_rates(first, second, turns.speaker.tolist())


def _alarms(turns: SimulatedTurns) -> dict[str, bool]:
    """Which tests are significant at the 5 % level; tests without a p-value are left out.

    Exact tests of fewer than six pairs are left out too, because their p-value cannot be below 0.05.
    """
    paired = _paired(turns)
    drawn = _bca(turns)
    sizes = np.bincount(turns.speaker, turns.wholes[0])
    rates = [np.bincount(turns.speaker, part) / sizes for part in turns.parts]
    wrong = [part > 0 for part in turns.parts]
    different = np.flatnonzero(wrong[0] | wrong[1])
    ranked = len(rates[0]) >= FEWEST_RANKED
    p_values = {
        "t by speaker": paired.p_value,
        "sign": sign_test(*(rate.tolist() for rate in rates)).p_value if ranked else None,
        "Wilcoxon": wilcoxon(*(rate.tolist() for rate in rates)).p_value if ranked else None,
        "MAPSSWE": matched_pairs(*(part[different].tolist() for part in turns.parts)).p_value,
        "McNemar": mcnemar(*((~one).tolist() for one in wrong)).p_value,
    }
    alarms = {test: p < 0.05 for test, p in p_values.items() if p is not None}
    return alarms | ({"BCa": drawn[0] > 0 or drawn[1] < 0} if drawn else {})


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


def _covered(design: Design, method: str, found: Sequence[Interval], truth: float, sets: int) -> Cell:
    if not found:
        return Cell(design, method, sets, 0, None, None)
    held = float(np.mean([one.low <= truth <= one.high for one in found]))
    width = float(np.median([one.high - one.low for one in found]))
    return Cell(design, method, sets, len(found), held, width, sum(one.bound is not None for one in found))


_SIMULATIONS = {
    "coverage": _coverage,
    "percentiles": _percentiles,
    "false alarms": _false_alarms,
    "differences": _differences,
}
