"""Intervals of ratios, quantiles and statistics of sums: the choice of the method, and laws."""

import random
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.support.made_runs import answered
from voicelab.metrics import resampling
from voicelab.metrics.clusters import effective_clusters
from voicelab.metrics.intervals import (
    Refusal,
    quantile_interval,
    quantile_result,
    ratio_interval,
    ratio_result,
    sums_result,
)
from voicelab.metrics.jackknife import degrees_of_freedom
from voicelab.metrics.latency import least_turns, least_turns_for_interval
from voicelab.scoring.intervals import Clusters

COUNTS = st.lists(st.tuples(st.integers(0, 5), st.integers(5, 9)), min_size=2, max_size=30)


def ratio_of(rows, keys=None, **options):
    return ratio_interval([part for part, _ in rows], [whole for _, whole in rows], keys or range(len(rows)), **options)


@given(st.lists(st.floats(0, 100), min_size=6, max_size=120), st.sampled_from([0.1, 0.5, 0.9, 0.95]))
def test_a_quantile_lies_in_its_interval_which_ends_on_values(values, quantile):
    found = quantile_interval(values, range(len(values)), quantile)
    if len(values) < least_turns_for_interval(quantile):
        assert found is None
        return
    if found is None:
        assert len(set(values)) < len(values), "only equal values leave an interval without width"
        return
    assert found.low <= np.quantile(values, quantile) <= found.high
    assert found.low < found.high
    assert {found.low, found.high} <= set(values)


@pytest.mark.parametrize("count", [20, 75, 200])
def test_the_median_of_independent_values_has_the_textbooks_interval(count):
    """The k-th smallest and largest, for the largest k with a binomial tail of at most 2.5 %."""
    found = quantile_interval(range(1, count + 1), range(count), 0.5)
    k = int(stats.binom.ppf(0.025, count, 0.5))
    assert (found.low, found.high) == (k, count + 1 - k)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 6)), min_size=40, max_size=80))
def test_values_that_are_alike_count_as_fewer(turns):
    values, keys = zip(*turns, strict=True)
    alike, apart = quantile_interval(values, keys, 0.5), quantile_interval(values, range(len(values)), 0.5)
    if alike is not None and apart is not None:
        assert alike.low <= apart.low
        assert apart.high <= alike.high


@given(COUNTS, st.randoms(use_true_random=False))
def test_the_order_of_samples_changes_nothing(rows, chance):
    named = [(f"s{number % 13}", *row) for number, row in enumerate(rows)]
    shuffled = named[:]
    chance.shuffle(shuffled)
    one, other = (
        ratio_interval([part for _, part, _ in each], [whole for _, _, whole in each], [k for k, _, _ in each])
        for each in (named, shuffled)
    )
    assert one == other


@given(COUNTS)
def test_a_rates_interval_holds_it_and_a_share_stays_between_0_and_1(rows):
    found = ratio_of(rows)
    rate = sum(part for part, _ in rows) / sum(whole for _, whole in rows)
    assert 0 <= found.low <= rate + 1e-12
    assert rate - 1e-12 <= found.high <= 1


@given(COUNTS)
def test_the_interval_of_the_rest_is_the_mirror_image(rows):
    """Recall and miss rate are complementary, and so are their intervals."""
    found, missed = ratio_of(rows), ratio_of([(whole - part, whole) for part, whole in rows])
    assert (missed.low, missed.high) == (pytest.approx(1 - found.high), pytest.approx(1 - found.low))


COUNTS_OF_ANY_RATE = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 9), st.integers(0, 8)), min_size=1, max_size=30
)


@given(COUNTS_OF_ANY_RATE)
def test_an_interval_has_a_width_whatever_the_counts_or_there_is_a_reason(rows):
    parts, wholes, keys = zip(*rows, strict=True)
    for found in (
        ratio_result(parts, wholes, keys),
        ratio_result(parts, wholes, range(len(rows))),
        sums_result([parts, wholes], keys, lambda sums: sums[:, 0] / sums[:, 1]),
    ):
        if isinstance(found, Refusal):
            assert found.text("speaker")
            assert "{" not in found.text("speaker")
        else:
            assert found.low < found.high
            assert found.low <= sum(parts) / sum(wholes) <= found.high


@pytest.mark.parametrize("speakers", [2, 3, 4])
@pytest.mark.parametrize(("part", "whole"), [(5, 6), (0, 6), (6, 6), (1, 36), (7, 6)])
def test_few_speakers_who_do_not_differ_are_no_certainty(speakers, part, whole):
    """Two speakers with 5 of 6 each were reported as 0.833 [0.833, 0.833]."""
    keys = [name for name in range(speakers) for _ in range(6)]
    turns = [whole // 6] * 6 * speakers
    parts = [part // 6 + (number % 6 < part % 6) for number in range(6 * speakers)]
    found = ratio_interval(parts, turns, keys)
    alone = ratio_interval(parts, turns, range(6 * speakers))
    assert found.limits("speaker") == f"only a bound: {speakers} speakers are too few"
    assert found.method.startswith("exact")
    rate = part / whole
    if rate in (0, 1):
        assert found.high - found.low > alone.high - alone.low, "speakers can only widen it"
    elif rate < 1:
        independent = stats.binomtest(part * speakers, whole * speakers).proportion_ci(method="exact")
        assert found.low < independent.low
        assert found.high > independent.high


def test_more_speakers_who_do_not_differ_narrow_the_interval():
    widths = []
    for speakers in (2, 3, 5, 10, 50):
        found = ratio_of([(5, 6)] * speakers)
        widths.append(found.high - found.low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.2


def test_a_rate_beyond_1_is_bounded_by_the_poisson_distribution():
    found = ratio_of([(7, 6)] * 12)
    assert found.method == "exact Poisson, effective n"
    assert found.low < 7 / 6 < found.high
    minutes = ratio_interval([0] * 12, [0.5] * 12, range(12), share=False)
    assert minutes.high == pytest.approx(stats.chi2.ppf(0.975, 2) / 2 / 6), "none in 6 minutes"


def test_speakers_of_unequal_size_count_as_fewer():
    """Kish: 30 speakers, one of them with half of the words, count as about four, and the interval is wider."""
    rates = [0.1 + 0.01 * (number % 7) for number in range(30)]
    equal = ratio_interval([round(200 * rate) for rate in rates], [200] * 30, range(30))
    words = [5800, *[200] * 29]
    unequal = ratio_interval([round(n * r) for n, r in zip(words, rates, strict=True)], words, range(30))
    assert effective_clusters(np.array(words, dtype=float)) == pytest.approx(4, abs=0.15)
    assert effective_clusters(np.full(30, 7.0)) == pytest.approx(30)
    assert unequal.high - unequal.low > 2 * (equal.high - equal.low)


@pytest.mark.parametrize(
    ("parts", "wholes", "keys", "why"),
    [
        ([1], [2], "a", "fewer than two speakers"),
        ([1, 2], [3, 4], "aa", "fewer than two speakers"),
        ([0, 0], [0, 0], "ab", "denominator is 0"),
        ([50, 1], [100, 3], "ab", "almost all data comes from one speaker"),
        ([1, 3, 2], [2, 4, 0], "aab", "almost all data comes from one speaker"),
    ],
)
def test_why_there_is_no_interval(parts, wholes, keys, why):
    found = ratio_result(parts, wholes, keys)
    assert why in found.text("speaker")
    assert ratio_interval(parts, wholes, keys) is None


@given(COUNTS)
def test_a_higher_level_is_wider(rows):
    narrow, wide = ratio_of(rows, level=0.8), ratio_of(rows, level=0.99)
    assert wide.low <= narrow.low + 1e-12
    assert narrow.high <= wide.high + 1e-12


def made(clusters):
    chance = random.Random(clusters)
    return [(chance.randint(0, 4), chance.randint(4, 9)) for _ in range(clusters)]


@pytest.mark.parametrize(
    ("rows", "method"),
    [
        (made(40), "jackknife t"),
        (made(5), "jackknife t"),
        (made(4), "exact binomial, effective n"),
        ([(0, 5)] * 40, "exact binomial, effective n"),
        ([(5, 5)] * 40, "exact binomial, effective n"),
        ([(1, 5)] * 40, "exact binomial, effective n"),
        ([(6, 5)] * 40, "exact Poisson, effective n"),
    ],
)
def test_an_interval_names_its_method(rows, method):
    assert ratio_of(rows).method == method


def test_nothing_seen_is_not_certainty():
    """74 faultless turns were reported as a word error rate of 0 with the interval [0, 0]."""
    found = ratio_of([(0, 6)] * 74)
    assert found.low == 0
    assert found.high == pytest.approx(stats.binomtest(0, 74).proportion_ci(method="exact").high)
    turned = ratio_of([(6, 6)] * 74)
    assert (turned.low, turned.high) == (pytest.approx(1 - found.high), 1)


def test_few_clusters_are_held_against_students_t():
    """The jackknife of a ratio is that of a mean where all denominators are alike: the textbook's standard error."""
    rates = [0.1, 0.2, 0.3, 0.4, 0.5]
    parts = [round(20 * rate) for rate in rates]
    found = sums_result([parts, [20] * 5], range(5), lambda sums: sums[:, 0] / sums[:, 1])
    freedom = degrees_of_freedom(np.array(rates), np.ones(5))
    assert 3.5 < freedom <= 4
    low, high = stats.t.interval(0.95, freedom, loc=np.mean(rates), scale=stats.sem(rates))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.method == "jackknife t"
    cut = sums_result([parts, [20] * 5], range(5), lambda sums: sums[:, 0] / sums[:, 1], bounds=(0.2, 1))
    assert (cut.low, cut.high) == (0.2, found.high)


@pytest.mark.parametrize("kept", [10**6, 500])
def test_resamples_are_of_whole_clusters_and_the_same_in_blocks_of_any_size(monkeypatch, kept):
    sums = np.array([[1.0, 10.0], [2.0, 10.0], [4.0, 10.0]])
    whole = resampling.times_drawn(3, seed=1, draws=700) @ sums
    monkeypatch.setattr(resampling, "_KEPT", kept)
    drawn = resampling.times_drawn(3, seed=1, draws=700) @ sums
    assert (drawn == whole).all()
    assert (drawn[:, 1] == 30).all()
    assert set(drawn[:, 0]) == {a + b + c for a in (1, 2, 4) for b in (1, 2, 4) for c in (1, 2, 4)}


def test_scipy_loads_when_an_interval_is_made_and_not_before():
    program = """
import sys
import voicelab.metrics.intervals, voicelab.metrics.mapsswe, voicelab.metrics.paired
import voicelab.metrics.power, voicelab.metrics.significance
print('scipy' in sys.modules)"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_statistic_that_is_nowhere_defined_has_no_interval():
    assert isinstance(sums_result([[0, 0], [0, 0]], "ab", lambda drawn: drawn[:, 0] / drawn[:, 1]), Refusal)
    assert isinstance(sums_result([[1, 2], [3, 4]], "aa", lambda drawn: drawn[:, 0] / drawn[:, 1]), Refusal)


@pytest.mark.parametrize(
    ("quantile", "point", "interval"), [(0.5, 2, 6), (0.9, 10, 36), (0.95, 20, 72), (0.99, 100, 368)]
)
def test_a_percentile_needs_so_many_values(quantile, point, interval):
    assert (least_turns(quantile), least_turns_for_interval(quantile)) == (point, interval)
    assert quantile**interval <= 0.025 < quantile ** (interval - 1)
    keys = range(interval)
    assert quantile_interval(keys[:-1], keys[:-1], quantile) is None
    assert quantile_interval(keys, keys, quantile) is not None
    assert "do not differ" in quantile_result([1.0] * interval, keys, quantile).text()


def test_a_percentile_of_few_speakers_is_refused_with_what_its_turns_are_worth():
    values = list(np.random.default_rng(1).exponential(size=60))
    assert quantile_interval(values, range(60), 0.5) is not None
    refused = quantile_result(values, [number % 3 for number in range(60)], 0.9).text("speaker")
    sentence = r"60 turns in 3 clusters by speaker have an effective size of ([\d.]+), too few for an interval"
    told = re.fullmatch(sentence, refused)
    worth = float(told.group(1))
    assert 0 < worth <= 60 * (stats.t.ppf(0.975, 59) / stats.t.ppf(0.975, 2)) ** 2 + 0.05


def test_samples_without_speech_leave_the_speakers_as_clusters():
    """Noise and silence have no speaker; the turns of a speaker are still one cluster."""
    spoken = [answered(f"{speaker}{number}", speaker=speaker) for speaker in "abc" for number in range(4)]
    silent = [answered("noise", text=" ", heard=""), answered("cough", text="", heard="")]
    clusters = Clusters.of([*spoken, *silent])
    assert (clusters.unit, clusters.count) == ("speaker", 5)
    assert Clusters.of([*spoken, answered("unnamed")]).unit != "speaker"
