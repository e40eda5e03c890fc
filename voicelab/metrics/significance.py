"""Significance tests of two systems on the same samples, and correction for multiple comparisons."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicelab.metrics.clusters import Floats

# The tests use scipy.special and not scipy.stats, whose import takes half a second.


@dataclass(frozen=True, slots=True)
class McNemar:
    """Numbers of sentences that only the first or only the second system has right, with the exact two-sided p."""

    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float


def mcnemar(first_right: Sequence[bool], second_right: Sequence[bool]) -> McNemar:
    """McNemar's test (1947) in its exact binomial form, over sentences that only one system has right.

    Exact at any count, so it does not switch to chi-square. p is 1 without such sentences.
    """
    pairs = list(zip(map(bool, first_right), map(bool, second_right), strict=True))
    only_first, only_second = pairs.count((True, False)), pairs.count((False, True))
    return McNemar(
        pairs.count((True, True)), only_first, only_second, pairs.count((False, False)),
        _coin_p(only_first, only_first + only_second),
    )  # fmt: skip


def _coin_p(heads: int, tosses: int) -> float:
    """Return the exact two-sided p of this many heads of a fair coin; 1 without tosses."""
    from scipy.special import bdtr

    fewer = min(heads, tosses - heads)
    return max(min(1.0, 2 * float(bdtr(fewer, tosses, 0.5))), sys.float_info.min) if tosses else 1.0


@dataclass(frozen=True, slots=True)
class Signs:
    """Numbers of pairs that are higher in the second system (positive), in the first, or equal; two-sided p."""

    positive: int
    negative: int
    equal: int
    p_value: float


def sign_test(first: Sequence[float], second: Sequence[float]) -> Signs:
    """The sign test of paired figures, such as word error rates per speaker, as in NIST sc_stats.

    Rates closer than 0.005 percentage points are equal. Equal pairs are divided between both sides, with an odd one
    added to the smaller side, which makes the test conservative.
    """
    differences = [other - one for one, other in zip(first, second, strict=True)]
    positive = sum(difference > _EQUAL_WITHIN for difference in differences)
    negative = sum(difference < -_EQUAL_WITHIN for difference in differences)
    equal = len(differences) - positive - negative
    fewer = min(positive, negative) + equal // 2 + equal % 2
    return Signs(positive, negative, equal, _coin_p(fewer, len(differences)))


_EQUAL_WITHIN = 0.00005


@dataclass(frozen=True, slots=True)
class Wilcoxon:
    """pairs: number of differing pairs. p_value: two-sided."""

    pairs: int
    p_value: float


def wilcoxon(first: Sequence[float], second: Sequence[float]) -> Wilcoxon:
    """Wilcoxon's signed-rank test (1945) of paired figures, such as word error rates per speaker.

    Exact up to 50 differing pairs, with ties; above that, the normal approximation with tie correction. Five differing
    pairs cannot give a p below 0.0625.
    """
    differences = [round(other - one, 12) for one, other in zip(first, second, strict=True)]
    differing = np.array([difference for difference in differences if difference])
    if not len(differing):
        return Wilcoxon(0, 1.0)
    test = _exact_signed_ranks if len(differing) <= _EXACT_PAIRS else _normal_signed_ranks
    return Wilcoxon(len(differing), max(test(differing), sys.float_info.min))


_EXACT_PAIRS = 50


def _ranks(differences: Floats) -> tuple[Floats, Floats]:
    """Return the rank of each size, averaged over ties, and the numbers of equal sizes."""
    _, place, alike = np.unique(np.abs(differences), return_inverse=True, return_counts=True)
    return (alike.cumsum() - (alike - 1) / 2)[place], alike.astype(np.float64)


def _exact_signed_ranks(differences: Floats) -> float:
    """Return the two-sided p over all sign assignments; tied ranks are averaged, so doubled ranks are integers."""
    ranks = np.rint(2 * _ranks(differences)[0]).astype(int)
    ways = np.ones(1)
    for rank in ranks:
        ways = np.pad(ways, (0, rank)) + np.pad(ways, (rank, 0))
    positive = int(ranks[differences > 0].sum())
    tail = min(ways[: positive + 1].sum(), ways[positive:].sum())
    return min(1.0, 2 * float(tail / ways.sum()))


def _normal_signed_ranks(differences: Floats) -> float:
    """Return the two-sided p by the normal approximation, whose variance is corrected for ties."""
    ranks, alike = _ranks(differences)
    count = len(differences)
    variance = count * (count + 1) * (2 * count + 1) / 24 - float((alike**3 - alike).sum()) / 48
    z = (float(ranks[differences > 0].sum()) - count * (count + 1) / 4) / math.sqrt(variance)
    return math.erfc(abs(z) / math.sqrt(2))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust the p-values of several tests to control the family-wise error rate (Holm 1979).

    Keeps the order; None stays None and is not counted.
    """
    known = sorted((p, position) for position, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, position) in enumerate(known):
        least = max(least, min(1.0, (len(known) - rank) * p))
        adjusted[position] = least
    return adjusted


def p_text(p_value: float | None) -> str:
    """Format a p-value with four decimals, `< 0.0001` below that, never 0."""
    if p_value is None:
        return "-"
    return "< 0.0001" if p_value < 0.0001 else f"{p_value:.4f}"
