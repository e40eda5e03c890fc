"""Tests of two systems on the same samples, and what becomes of p-values when there are several pairs of systems."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class McNemar:
    """How many sentences only the one system has right, and only the other; the exact two-sided p of that split."""

    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float


def mcnemar(first_right: Sequence[bool], second_right: Sequence[bool]) -> McNemar:
    """McNemar's test (1947) in its exact form: a fair coin decides each sentence that only one system has right.

    Exact at any count, so there is no threshold where a chi-square takes over. 1 where no sentence decides.
    """
    from scipy.stats import binomtest

    pairs = list(zip(map(bool, first_right), map(bool, second_right), strict=True))
    only_first, only_second = pairs.count((True, False)), pairs.count((False, True))
    deciding = only_first + only_second
    p_value = float(binomtest(only_first, deciding).pvalue) if deciding else 1.0
    return McNemar(
        pairs.count((True, True)), only_first, only_second, pairs.count((False, False)),
        max(p_value, sys.float_info.min),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signs:
    """How many pairs are higher in the second (positive), in the first (negative), and equal; the two-sided p."""

    positive: int
    negative: int
    equal: int
    p_value: float


def sign_test(first: Sequence[float], second: Sequence[float]) -> Signs:
    """The sign test of paired figures, for example the word error rates of each speaker, as NIST sc_stats has it.

    Rates closer than 0.005 percentage points are equal. Equal pairs are shared between both sides, an odd one going to
    the smaller side, so that equal pairs count against a difference.
    """
    from scipy.stats import binomtest

    differences = [other - one for one, other in zip(first, second, strict=True)]
    positive = sum(difference > _EQUAL_WITHIN for difference in differences)
    negative = sum(difference < -_EQUAL_WITHIN for difference in differences)
    equal = len(differences) - positive - negative
    fewer = min(positive, negative) + equal // 2 + equal % 2
    smaller = min(fewer, len(differences) - fewer)
    p_value = float(binomtest(smaller, len(differences)).pvalue) if differences else 1.0
    return Signs(positive, negative, equal, max(p_value, sys.float_info.min))


_EQUAL_WITHIN = 0.00005


@dataclass(frozen=True, slots=True)
class Wilcoxon:
    """pairs: those that differ; the others say nothing. p_value: two-sided."""

    pairs: int
    p_value: float


def wilcoxon(first: Sequence[float], second: Sequence[float]) -> Wilcoxon:
    """Wilcoxon's signed-rank test (1945) of paired figures, for example the word error rates of each speaker.

    Exact up to 50 differing pairs, equal differences included; above that the normal approximation with the correction
    for ties. Five pairs that differ cannot give less than 0.0625.
    """
    from scipy import stats

    differences = [round(other - one, 12) for one, other in zip(first, second, strict=True)]
    differing = [difference for difference in differences if difference]
    if not differing:
        return Wilcoxon(0, 1.0)
    if len(differing) <= _EXACT_PAIRS:
        p_value = _exact_signed_ranks(differing)
    else:
        p_value = float(stats.wilcoxon(differing, method="approx").pvalue)
    return Wilcoxon(len(differing), max(p_value, sys.float_info.min))


_EXACT_PAIRS = 50


def _exact_signed_ranks(differences: Sequence[float]) -> float:
    """The two-sided p over all signs; equal sizes share the mean of their ranks, which doubled are whole numbers."""
    import numpy as np
    from scipy.stats import rankdata

    ranks = np.rint(2 * rankdata(np.abs(differences))).astype(int)
    ways = np.ones(1)
    for rank in ranks:
        ways = np.pad(ways, (0, rank)) + np.pad(ways, (rank, 0))
    positive = int(ranks[np.asarray(differences) > 0].sum())
    tail = min(ways[: positive + 1].sum(), ways[positive:].sum())
    return min(1.0, 2 * float(tail / ways.sum()))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """The p-values of several tests, so adjusted that any one of them errs as seldom as a single test (Holm 1979).

    In the order given; None stays None, and is not counted.
    """
    known = sorted((p, position) for position, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, position) in enumerate(known):
        least = max(least, min(1.0, (len(known) - rank) * p))
        adjusted[position] = least
    return adjusted


def p_text(p_value: float | None) -> str:
    """A p-value as it is printed: four places, `< 0.0001` below that, never 0."""
    if p_value is None:
        return "-"
    return "< 0.0001" if p_value < 0.0001 else f"{p_value:.4f}"
