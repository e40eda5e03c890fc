"""Power analysis: the recommended sizes have the promised power on simulated data."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.support.command_line import voicelab
from tests.support.compared_runs import ALIKE, SAID, WORSE, hears, written
from voicelab.metrics.intervals import FEW
from voicelab.metrics.power import Spread, detectable, linearized, power_of, speakers_needed, spread

SETS = 2000
FOUR_ERRORS = 4 * np.sqrt(0.8 * 0.2 / SETS)
SPREADS = st.builds(Spread, st.floats(1e-6, 0.1), st.floats(1e-6, 0.5), speakers=st.just(5), samples=st.just(50))


def power(*arguments):
    done = voicelab("power", *arguments)
    return done.exit_code, done.output


@pytest.mark.parametrize("samples_each", [1, 10])
@pytest.mark.parametrize("target", [0.8, 0.95])
def test_the_speakers_asked_for_find_a_normal_difference_so_often(samples_each, target):
    of = Spread(between=0.002, within=0.05, speakers=20, samples=200)
    speakers = speakers_needed(0.05, of, samples_each, power=target)
    rng = np.random.default_rng(samples_each)
    levels = rng.normal(0.05, np.sqrt(of.between), size=(SETS, speakers, 1))
    means = (levels + rng.normal(0, np.sqrt(of.within), size=(SETS, speakers, samples_each))).mean(axis=2)
    found = np.mean(stats.ttest_1samp(means, 0, axis=1).pvalue < 0.05)
    assert target - FOUR_ERRORS <= found <= min(1.0, target + FOUR_ERRORS + 0.02)


def words(rng, sets, speakers, each):
    """Two systems' errors and the words, shape (sets, speakers, each): speakers differ, the second makes 20 % fewer."""
    said = rng.integers(3, 12, size=(sets, speakers, each))
    hard = rng.beta(4, 16, size=(sets, speakers, 1))
    gain = np.clip(rng.normal(0.8, 0.2, size=(sets, speakers, 1)), 0, 1.2)
    return rng.binomial(said, hard), rng.binomial(said, hard * gain), said


def test_a_pilot_of_words_plans_a_set_that_finds_the_difference():
    """End to end: errors per utterance, variances from a pilot, and tests of ratios of sums on the planned sets."""
    rng = np.random.default_rng(3)
    first, second, said = (counts[0] for counts in words(rng, 1, 2000, 10))
    difference = (second.sum() - first.sum()) / said.sum()
    keys = np.repeat(np.arange(2000), 10)
    of = spread(linearized((second - first).ravel(), said.ravel()), keys)
    speakers = speakers_needed(abs(difference), of, 10, power=0.8)
    one, other, whole = words(rng, SETS, speakers, 10)
    rates = (other - one).sum(axis=(1, 2)) / whole.sum(axis=(1, 2))
    left = (other - one).sum(axis=2) - rates[:, None] * whole.sum(axis=2)
    error = np.sqrt(speakers / (speakers - 1) * (left**2).sum(axis=1)) / whole.sum(axis=(1, 2))
    found = np.mean(np.abs(rates) / error > stats.t.ppf(0.975, speakers - 1))
    assert 0.8 - FOUR_ERRORS - 0.02 <= found <= 0.8 + FOUR_ERRORS + 0.03


def test_variances_between_and_within_are_found_again():
    rng = np.random.default_rng(8)
    sizes = rng.integers(3, 30, size=1500)
    keys = np.repeat(np.arange(1500), sizes)
    values = rng.normal(0, 0.2, size=1500)[keys] + rng.normal(0, 0.5, size=len(keys))
    found = spread(values, keys)
    assert found.between == pytest.approx(0.04, rel=0.1)
    assert found.within == pytest.approx(0.25, rel=0.03)
    assert found.icc == pytest.approx(0.04 / 0.29, rel=0.1)
    assert found.design_effect(11) == pytest.approx(1 + 10 * found.icc)


def test_power_is_that_of_the_t_test_of_the_textbook():
    """Cohen's d of 0.5 with 34 pairs has a power of 0.80 in a two-sided paired t test at 5 %."""
    assert power_of(0.5, 1 / 34**0.5, 34) == pytest.approx(0.808, abs=0.002)
    assert speakers_needed(0.5, Spread(1.0, 0.0, 2, 2), 1) == 34
    assert speakers_needed(0.00313, Spread(1.0, 0.0, 2, 2), 1) == pytest.approx(801_000, rel=0.01)
    assert speakers_needed(0.0028, Spread(1.0, 0.0, 2, 2), 1) is None, "more than a million"


def test_power_is_known_where_the_library_s_noncentral_t_is_not():
    """Regression: scipy's nctdtr is nan at 1 degree of freedom and a shift of 12.2, which counted as a power of 1."""
    assert power_of(0.01, 0.00082, 2) == pytest.approx(0.66, abs=0.01)


@settings(max_examples=30, deadline=None)
@given(SPREADS, st.floats(0.01, 0.2), st.integers(1, 50))
def test_more_of_anything_needs_no_more_speakers(of, difference, each):
    needed = speakers_needed(difference, of, each)
    assert speakers_needed(2 * difference, of, each) <= needed
    assert speakers_needed(difference, of, each + 10) <= needed
    assert speakers_needed(difference, of, each, power=0.5) <= needed
    assert power_of(difference, of.error(needed, each), needed) >= 0.8
    assert needed == FEW or power_of(difference, of.error(needed - 1, each), needed - 1) < 0.8


@settings(max_examples=20, deadline=None)
@given(SPREADS, st.integers(3, 50), st.integers(1, 50))
def test_what_can_be_found_is_found_so_often(of, speakers, each):
    least = detectable(of, speakers, each)
    assert power_of(least, of.error(speakers, each), speakers) == pytest.approx(0.8, abs=1e-3)
    assert detectable(of, speakers + 1, each) < least


@pytest.fixture
def runs(tmp_path):
    return [
        written(tmp_path / name, hears(SAID, texts, run_id=name, speakers=speakers))
        for name, texts, speakers in (("a", ALIKE, "abc"), ("b", WORSE, "abc"), ("c", WORSE, None))
    ]


def test_the_command_plans_from_one_run_and_from_two(runs, tmp_path):
    picture = tmp_path / "power.png"
    code, output = power(runs[0], "--difference", 0.05, "--difference", 0.02, "--plot", picture)
    assert code == 0, output
    assert "a first estimate" in output
    assert "assumed" in output
    assert picture.read_bytes().startswith(b"\x89PNG")
    code, output = power(runs[0], runs[1], "--difference", 0.05, "--samples-each", 8, "--json")
    found = json.loads(output)
    assert code == 0
    assert (found["pilot"]["unit"], found["pilot"]["units"], found["pilot"]["samples"]) == ("speaker", 3, 24)
    assert found["pilot"]["difference"] == pytest.approx(10 / 168)
    (row,) = found["needed"]
    assert row["samples"] == 8 * row["speakers"]
    assert row["power"] >= 0.8
    alike = json.loads(power(runs[0], "--correlation", 0.5, "--json")[1])["needed"][0]
    assert alike["speakers"] < json.loads(power(runs[0], "--json")[1])["needed"][0]["speakers"]


def test_samples_without_speakers_stand_alone(runs):
    code, output = power(runs[2])
    assert code == 0, output
    assert "the clusters of samples are unknown" in output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--alpha", "5"], "--alpha 5: must be between 0 and 1"),
        (["--difference", "0"], "--difference must be above 0"),
        (["--figure", "turn_s.p95"], "turn_s.p95 is not a rate of turns"),
        (["--figure", "nope"], "unknown figure 'nope'"),
        (["--correlation", "1"], "--correlation 1: must be at least 0"),
        (["--figure", "intent_accuracy"], "intent_accuracy does not vary in this pilot"),
        (["--plot", "no/such.png"], "--plot no/such.png: cannot be written"),
    ],
)
def test_bad_input_is_told(runs, options, said):
    code, output = power(runs[0], *options)
    assert code == 2
    assert said in " ".join(output.split())
