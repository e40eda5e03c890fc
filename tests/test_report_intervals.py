"""Intervals of quantiles and of any statistic of sums: the same as resampling one draw after another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.metrics.intervals import clusters_of, quantile_interval, ratio_interval, sums_interval


@given(
    st.lists(st.tuples(st.floats(0, 100), st.integers(0, 4)), min_size=1, max_size=30),
    st.sampled_from([0.0, 0.5, 0.9, 0.95, 1.0]),
)
def test_a_quantiles_interval_is_that_of_whole_clusters_drawn_again_and_again(turns, quantile):
    values, keys = zip(*turns, strict=True)
    found = quantile_interval(values, keys, quantile, seed=3, draws=40)
    groups = clusters_of(keys)
    if len(groups) < 2:
        assert found is None
        return
    picks = np.random.default_rng(3).integers(len(groups), size=(40, len(groups)))
    array = np.array(values)
    drawn = [np.quantile(np.concatenate([array[groups[pick]] for pick in row]), quantile) for row in picks]
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.clusters == len(groups)


def test_a_ratio_is_one_statistic_of_sums():
    above, below, keys = [1, 2, 0, 4], [5, 5, 6, 7], ["a", "b", "b", "c"]
    ratio = ratio_interval(above, below, keys, seed=1, draws=300)
    sums = sums_interval([above, below], keys, lambda drawn: drawn[:, 0] / drawn[:, 1], seed=1, draws=300)
    assert sums == ratio


def test_a_statistic_that_is_nowhere_defined_has_no_interval():
    assert sums_interval([[0, 0], [0, 0]], "ab", lambda drawn: drawn[:, 0] / drawn[:, 1], seed=1) is None
    assert sums_interval([[1, 2], [3, 4]], "aa", lambda drawn: drawn[:, 0] / drawn[:, 1], seed=1) is None
