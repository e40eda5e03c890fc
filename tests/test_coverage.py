"""Intervals hold a known truth about as often as they say, on simulated sets.

The tolerance is four standard errors of the simulation (600 sets: 3.6 points), and below that what docs/sureness.md
admits: some kinds of interval are a little short. Exact ones may hold the truth more often than they say.
"""

import numpy as np
import pytest

from voicelab.metrics.intervals import quantile_interval, ratio_interval, sums_interval

SETS = 600
FOUR_ERRORS = 4 * np.sqrt(0.95 * 0.05 / SETS)


def speakers(rng, count):
    """Speakers whose error rates differ: Beta(2, 10), on average 1/6, each with some hundred words."""
    words = rng.integers(80, 130, size=count)
    return rng.binomial(words, rng.beta(2, 10, size=count)), words, range(count)


def utterances(rng, count):
    """Utterances of 3 to 11 words; four of ten are hard, and lose 35 % of their words: a rate of 0.14."""
    words = rng.integers(3, 12, size=count)
    return rng.binomial(words, 0.35) * (rng.random(count) < 0.4), words, range(count)


def answers(rng, count):
    """Turns of which 95 % are right: sets without any miss are common."""
    return rng.random(count) < 0.95, np.ones(count), range(count)


def holds(interval, truth):
    return interval.low - 1e-12 <= truth <= interval.high + 1e-12


@pytest.mark.parametrize(
    ("make", "count", "truth", "admitted"),
    [
        (speakers, 5, 1 / 6, 0.0),
        (speakers, 9, 1 / 6, 0.0),
        (speakers, 12, 1 / 6, 0.02),
        (speakers, 30, 1 / 6, 0.01),
        (utterances, 20, 0.14, 0.0),
        (utterances, 74, 0.14, 0.0),
        (answers, 30, 0.95, 0.0),
        (answers, 74, 0.95, 0.0),
    ],
)
def test_rates(make, count, truth, admitted):
    rng = np.random.default_rng(count)
    found = [ratio_interval(*make(rng, count), seed=0, draws=600) for _ in range(SETS)]
    covered = np.mean([holds(one, truth) for one in found])
    assert 0.95 - FOUR_ERRORS - admitted <= covered
    assert covered <= 0.95 + FOUR_ERRORS or make is answers


@pytest.mark.parametrize("count", [6, 20])
def test_the_difference_of_two_systems_that_hear_the_same_speakers(count):
    rng = np.random.default_rng(7)

    def once():
        words, hard = rng.integers(80, 130, size=count), rng.beta(2, 10, size=count)
        columns = [rng.binomial(words, hard), words, rng.binomial(words, 0.7 * hard), words]
        return sums_interval(columns, range(count), lambda s: s[:, 2] / s[:, 3] - s[:, 0] / s[:, 1], seed=0, draws=600)

    covered = np.mean([holds(once(), -0.3 / 6) for _ in range(SETS)])
    assert 0.95 - FOUR_ERRORS - 0.02 <= covered <= 0.95 + FOUR_ERRORS


@pytest.mark.parametrize(("quantile", "count"), [(0.5, 12), (0.5, 74), (0.9, 74), (0.95, 74), (0.99, 400)])
def test_percentiles(quantile, count):
    rng = np.random.default_rng(11)
    truth = -np.log(1 - quantile)
    found = [quantile_interval(rng.exponential(size=count), range(count), quantile) for _ in range(SETS)]
    assert np.mean([holds(one, truth) for one in found]) >= 0.95 - FOUR_ERRORS


def test_the_median_of_speakers_who_differ():
    """12 speakers of 8 turns each; their own levels vary about half as much as their turns."""
    rng = np.random.default_rng(12)
    speakers_of = np.repeat(np.arange(12), 8)
    found = [
        quantile_interval(rng.normal(0, 0.25, size=12)[speakers_of] + rng.normal(0, 0.5, size=96), speakers_of, 0.5)
        for _ in range(SETS)
    ]
    assert np.mean([holds(one, 0.0) for one in found]) >= 0.95 - FOUR_ERRORS - 0.02


def test_a_plain_bootstrap_of_five_speakers_is_far_too_short():
    """Why it is not what few speakers get."""
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(SETS):
        errors, words, _ = speakers(rng, 5)
        picks = rng.integers(5, size=(600, 5))
        low, high = np.quantile(errors[picks].sum(axis=1) / words[picks].sum(axis=1), [0.025, 0.975])
        hits += low <= 1 / 6 <= high
    assert hits / SETS < 0.88
