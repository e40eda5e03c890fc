"""Latencies and intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.metrics.intervals import quantile_interval, ratio_interval
from voicelab.metrics.latency import quantiles


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_quantiles_rise_and_stay_within_the_data(values):
    found = quantiles(values)
    ladder = [found.p50_s, found.p95_s]
    told = [point for point in ladder if point is not None]
    assert ladder == told + [None] * (2 - len(told)), "what n is too small for comes last"
    assert [min(values), *told, max(values)] == sorted([min(values), *told, max(values)])
    assert found.n == len(values)


def test_no_turns_have_no_quantiles():
    assert quantiles([]).p50_s is None


@pytest.mark.parametrize(("name", "least"), [("p50_s", 2), ("p95_s", 20)])
def test_too_few_turns_have_no_percentile(name, least):
    """Regression: a p95 of 12 turns was reported, which was in effect the maximum."""
    assert getattr(quantiles(range(least - 1)), name) is None
    assert getattr(quantiles(range(least)), name) is not None


def test_one_cluster_has_no_interval():
    assert ratio_interval([1, 2], [3, 4], ["a", "a"]) is None
    assert quantile_interval([1.0, 2.0] * 5, ["a"] * 10, 0.5) is None
    assert ratio_interval([0, 0], [0, 0], ["a", "b"]) is None


def test_whole_clusters_are_drawn():
    """Two speakers, one with only errors and one without: nothing is known about a third."""
    found = ratio_interval([1] * 10 + [0] * 10, [1] * 20, ["a"] * 10 + ["b"] * 10)
    assert (found.low, found.high, found.clusters) == (pytest.approx(0, abs=1e-9), pytest.approx(1), 2)


def test_a_quantile_lies_in_its_interval():
    values = list(np.random.default_rng(2).exponential(size=60))
    found = quantile_interval(values, list(range(60)), 0.5)
    assert found.low <= float(np.median(values)) <= found.high
