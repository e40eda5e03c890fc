"""Score intervals of rates, and the variances and degrees of freedom of the jackknife behind them."""

import numpy as np
import pytest
from scipy import stats

from voicelab.metrics.intervals import ratio_interval
from voicelab.metrics.jackknife import Jackknife, adjusted_jackknife, jackknife
from voicelab.metrics.score_intervals import of_rate, of_share, slope_of_variance


@pytest.mark.parametrize(("errors", "trials"), [(30, 60), (30, 100), (200, 10_000)])
def test_a_share_has_wilsons_interval(errors, trials):
    share = errors / trials
    certain = Jackknife(share, (share * (1 - share) / trials) ** 0.5, 1e9)
    wilson = stats.binomtest(errors, trials).proportion_ci(method="wilson")
    found = of_share(certain, errors, trials - errors, 0.95)
    assert found == (pytest.approx(wilson.low), pytest.approx(wilson.high))


def test_a_rate_has_the_score_interval_of_the_poisson_distribution():
    """The ends of 30 / 10 solve (30 - 10 x)^2 = 1.96^2 (10 x)."""
    low, high = of_rate(Jackknife(3.0, (3.0 / 10) ** 0.5, 1e9), 30, 0.95)
    for end in (low, high):
        assert (30 - 10 * end) ** 2 == pytest.approx(stats.norm.ppf(0.975) ** 2 * 10 * end)


def test_with_few_errors_the_lower_tail_has_three_percent():
    """Of 8 errors in 400 trials, and its mirror image."""
    share = 8 / 400
    certain = Jackknife(share, (share * (1 - share) / 400) ** 0.5, 1e9)
    low, high = of_share(certain, 8, 392, 0.95)
    wider, narrower = (stats.binomtest(8, 400).proportion_ci(level, "wilson") for level in (0.95, 0.94))
    assert (low, high) == (pytest.approx(narrower.low), pytest.approx(wider.high))
    mirrored = of_share(Jackknife(1 - share, certain.error, 1e9), 392, 8, 0.95)
    assert mirrored == (pytest.approx(1 - high), pytest.approx(1 - low))


@pytest.mark.parametrize(("missed", "bound"), [(2, "only a bound: 2 of 60 samples differ"), (3, None)])
def test_three_errors_are_enough_for_an_interval(missed, bound):
    parts = [0] * missed + [1] * (60 - missed)
    found = ratio_interval(parts, [1] * 60, [number % 10 for number in range(60)])
    assert (found.limits() or "").startswith(bound or "")
    assert (found.bound is None) == (bound is None)


@pytest.mark.parametrize("gaps", [[-1, -2, 0, 1, -3, 0], [1, -1, 2, -2, 3, -3], [-1, 2, 3, 0, 4, 1]])
def test_a_rate_of_gains_and_losses_has_an_interval_on_both_sides(gaps):
    """A streaming WER gap is negative if a partial transcript has fewer errors than the final one."""
    found = ratio_interval(gaps, [5] * 6, range(6), share=False)
    assert found.low < sum(gaps) / 30 < found.high
    assert sum(gaps) / 30 - found.low == pytest.approx(found.high - sum(gaps) / 30)


def test_rare_errors_do_not_look_like_deviating_speakers():
    """Three speakers of twenty have an error: their fourth moments alone leave half of the degrees of freedom."""
    sums = np.column_stack([[1.0] * 3 + [0.0] * 17, [20.0] * 20])

    def freedom(slope):
        return jackknife(sums, lambda of: of[:, 0] / of[:, 1], sums[:, 1], slope).freedom

    assert freedom(0.0) < 11
    assert freedom(slope_of_variance(3 / 400, is_share=True)) == pytest.approx(19)


@pytest.mark.parametrize("sizes", [[10] * 8, [60, 10, 10, 10, 5, 5], [40, 30, 20, 1, 1, 1, 1]])
def test_unequal_speakers_do_not_bias_the_variance_of_a_difference(sizes):
    """Independent turns: the variance of a mean of n turns is 1 / n, and its degrees of freedom those of the model."""
    weights = np.array(sizes, dtype=float)
    chance = np.random.default_rng(1)
    found, plain = [], []
    for _ in range(3000):
        sums = np.column_stack([chance.normal(0, np.sqrt(weights)), weights])
        for errors, method in ((found, adjusted_jackknife), (plain, jackknife)):
            errors.append(method(sums, lambda of: of[:, 0] / of[:, 1], weights).error ** 2)
    truth = 1 / weights.sum()
    assert np.mean(found) == pytest.approx(truth, rel=0.05)
    assert np.mean(plain) > truth * (1.2 if len(set(sizes)) > 1 else 0.95), "the jackknife itself overestimates it"
    freedom = adjusted_jackknife(sums, lambda of: of[:, 0] / of[:, 1], weights).freedom
    assert freedom == pytest.approx(2 * np.mean(found) ** 2 / np.var(found), rel=0.15)
