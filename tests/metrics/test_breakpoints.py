"""A breakpoint is where the line crosses the threshold, otherwise there is no number; its interval covers the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.metrics.breakpoints import Threshold, breakpoint_of

RECALL = Threshold(0.9, relative=False, falls=True)


def rows(rates, samples=50, per_sample=100):
    """Every sample has the same rate, so that every draw gives the same figure."""
    return [[rate * per_sample] * samples for rate in rates], [[per_sample] * samples for _ in rates]


def found(places, rates, threshold=RECALL, **options):
    above, below = rows(rates)
    keys = options.pop("keys", range(50))
    return breakpoint_of(places, above, below, list(keys), threshold, seed=1, draws=200, **options)


@given(
    places=st.lists(st.integers(-20, 40), min_size=2, max_size=6, unique=True),
    rates=st.lists(st.floats(0.05, 0.98), min_size=2, max_size=6),
    limit=st.floats(0.1, 0.95).map(lambda x: x + 1e-5 / 7),
    rising=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_a_falling_line_crosses_where_it_has_the_limit(places, rates, limit, rising):
    places = sorted(places, reverse=not rising)
    rates = sorted(rates, reverse=True)[: len(places)]
    places = places[: len(rates)]
    one = found(places, [0.99, *rates], Threshold(limit, relative=False, falls=True))
    if rates[0] < limit:
        assert (one.outcome, one.at) == ("before", None)
    elif rates[-1] >= limit:
        assert (one.outcome, one.at, one.crossed_share) == ("never", None, 0.0)
    else:
        order = np.argsort(places)
        assert one.outcome == "crossed"
        assert min(places) <= one.at <= max(places)
        assert np.interp(one.at, np.array(places)[order], np.array(rates)[order]) == pytest.approx(limit, abs=1e-6)
        assert (one.low, one.high) == (None, None), "samples that do not differ have no spread to measure by"


def test_a_mirrored_measure_breaks_at_the_same_place():
    falling = found([20, 10, 0], [0.9, 0.85, 0.7, 0.2], Threshold(0.5, relative=False, falls=True))
    rising = found([20, 10, 0], [0.1, 0.15, 0.3, 0.8], Threshold(0.5, relative=False, falls=False))
    assert falling.at == pytest.approx(rising.at) == pytest.approx(6.0)


def test_a_relative_limit_is_a_factor_of_the_clean_figure():
    one = found([20, 10, 0], [0.5, 0.5, 0.4, 0.2], Threshold(0.9, relative=True, falls=True))
    assert one.limit == pytest.approx(0.45)
    assert one.at == pytest.approx(15)
    assert found([20, 10, 0], [0.5, 0.5, 0.4, 0.2]).outcome == "before"


def test_the_first_crossing_counts_where_a_line_comes_back():
    assert found([0, 1, 2, 3], [1, 1, 0.8, 1, 0.5]).at == pytest.approx(0.5)


def test_nothing_scored_is_no_breakpoint_and_few_clusters_have_no_interval():
    empty = breakpoint_of([1, 2], [[0, 0]] * 3, [[0, 0]] * 3, "ab", RECALL, seed=0, draws=50)
    assert (empty.outcome, empty.at, empty.limit) == ("undefined", None, None)
    for keys in (["s"] * 50, list("abcd") * 12 + ["a", "b"]):
        alone = found([1, 2], [1, 1, 0.5], keys=keys)
        assert (alone.outcome, alone.at, alone.low, alone.high) == ("crossed", pytest.approx(1.2), None, None)


def test_draws_that_do_not_cross_leave_the_interval_open_on_their_side():
    """Two kinds of speakers: one breaks at once, one never does."""
    weak, strong = [1, 0, 0], [1, 1, 1]
    above = [[row[0]] * 10 + [row[1]] * 10 for row in zip(weak, strong, strict=True)]
    below = [[1] * 20] * 3
    one = breakpoint_of([20, 10], above, below, list(range(20)), Threshold(0.5, relative=False, falls=True), seed=0)
    assert one.outcome == "never"
    assert one.open_mild
    assert one.open_severe
    assert (one.low, one.high) == (None, None)


@pytest.mark.parametrize("speakers", [40])
def test_the_interval_covers_the_true_breakpoint_about_as_often_as_it_says(speakers):
    """True recall falls in a straight line from 1 at 20 dB to 0.2 at 0 dB, so it is 0.6 at 10 dB."""
    chance = np.random.default_rng(7)
    places, truth = [20, 15, 5, 0], [1.0, 0.8, 0.4, 0.2]
    covered = 0
    for trial in range(100):
        hard = chance.random((speakers, 10))
        above = [(hard < 0.99).sum(1), *((hard < rate).sum(1) for rate in truth)]
        below = [[10] * speakers] * 5
        limit = Threshold(0.6, relative=False, falls=True)
        one = breakpoint_of(places, above, below, list(range(speakers)), limit, seed=trial, draws=300)
        covered += one.low is not None and one.high is not None and one.low <= 10 <= one.high
    assert 0.88 <= covered / 100 <= 1.0
