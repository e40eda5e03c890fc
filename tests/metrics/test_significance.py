"""Tests of two systems: worked examples, laws, and comparisons with scipy and NIST's sc_stats."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.support import nist
from voicelab.metrics.mapsswe import MatchedPairs, mapsswe, matched_pairs, segments
from voicelab.metrics.paired import paired_quantiles, paired_rates
from voicelab.metrics.sclite import align_sclite
from voicelab.metrics.significance import McNemar, Signs, Wilcoxon, holm, mcnemar, p_text, sign_test, wilcoxon
from voicelab.metrics.words import align_words, count_words

WORDS = st.lists(st.sampled_from("a b c d".split()), max_size=12)
SHARES = st.lists(st.tuples(st.integers(0, 5), st.integers(5, 9)), min_size=2, max_size=25)
P_VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=8)


def cut(reference, first, second):
    said = reference.split()
    return segments(align_words(said, first.split()), align_words(said, second.split()))


@pytest.mark.parametrize(
    ("reference", "first", "second", "found"),
    [
        # Two correct words separate two errors, one does not; an insertion between them joins the sides again.
        ("a b c d", "x b y d", "a b c d", [(2, 0)]),
        ("a b c d e", "x b c y e", "a b c d e", [(1, 0), (1, 0)]),
        ("a b c d e", "x b z c y e", "a b c d e", [(3, 0)]),
        # Errors of either system form the segment, and the errors of both are counted in it.
        ("a b c d e f", "x b c d e y", "a z c d e f", [(1, 1), (1, 0)]),
        ("a b", "a b", "a b", []),
        ("a b", "a b c", "a b", [(1, 0)]),
        ("a b", "a b", "a b c", [(0, 1)]),
        ("", "x", "", [(1, 0)]),
    ],
)
def test_where_segments_end(reference, first, second, found):
    assert cut(reference, first, second) == found


def test_mapsswe_on_a_worked_example():
    """Four utterances by hand; sc_stats prints 7 segments, mean 0.143, std dev 1.069, Z 0.354, first minus second."""
    said = [
        "the cat sat on the mat today",
        "what is the price of apple stock right now please",
        "tell me the news",
        "hello there",
    ]
    one = [
        "the cat sat in the mat today",
        "what is a price of apple socks right how please",
        "tell me news",
        "hello there",
    ]
    other = [
        "a cat sat on the mat day",
        "what is the price of apple stock write now please",
        "tell me the news",
        "hello their",
    ]
    pairs = [
        segments(align_words(*map(str.split, (r, a))), align_words(*map(str.split, (r, b))))
        for r, a, b in zip(said, one, other, strict=True)
    ]
    assert pairs == [[(0, 1), (1, 0), (0, 1)], [(1, 0), (2, 1)], [(1, 0)], [(0, 1)]]
    steps = [[align_words(r.split(), h.split()) for r, h in zip(said, each, strict=True)] for each in (one, other)]
    found = mapsswe(*steps)
    # The differences are 1 -1 1 -1 -1 -1 1: mean -1/7, variance (7 - 7/49) / 6 = 8/7.
    assert found == MatchedPairs(
        7, pytest.approx(-1 / 7), pytest.approx((8 / 7) ** 0.5), pytest.approx(-0.35355, abs=1e-5), found.p_value
    )
    assert found.p_value == pytest.approx(2 * stats.norm.sf(0.35355), abs=1e-5)


@given(WORDS, WORDS, WORDS)
def test_segments_hold_every_error_once_and_the_order_of_systems_only_turns_them_round(said, one, other):
    steps = align_words(said, one), align_words(said, other)
    found = segments(*steps)
    assert sum(a for a, _ in found) == count_words(said, one).errors
    assert sum(b for _, b in found) == count_words(said, other).errors
    assert all(a or b for a, b in found)
    assert segments(*reversed(steps)) == [(b, a) for a, b in found]


def test_alignments_of_different_references_are_no_pair():
    with pytest.raises(ValueError, match="different references"):
        segments(align_words(["a"], ["a"]), align_words(["b"], ["a"]))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=30))
def test_swapping_the_systems_turns_the_sign_and_keeps_p(pairs):
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    there, back = matched_pairs(one, other), matched_pairs(other, one)
    assert there.p_value == back.p_value
    assert there.z is None or there.z == pytest.approx(-back.z)
    assert there.p_value is None or 0 < there.p_value <= 1
    same = matched_pairs(one, one)
    assert same.p_value == 1.0
    assert (
        mcnemar([not a for a in one], [not b for b in other]).p_value
        == mcnemar([not b for b in other], [not a for a in one]).p_value
    )
    assert wilcoxon(one, other).p_value == pytest.approx(wilcoxon(other, one).p_value)


def test_matched_pairs_against_a_worked_figure():
    """Mean difference 1, standard deviation 1 over 16 segments: z = 4."""
    spread = np.array([0, 2] * 8) * np.sqrt(15 / 16) + (1 - np.sqrt(15 / 16))
    found = matched_pairs([0] * 16, spread.tolist())
    assert (found.z, found.p_value) == (pytest.approx(4), pytest.approx(6.334e-05, rel=1e-3))
    assert matched_pairs([1], [0]) == MatchedPairs(1, -1.0, None, None, None)


def test_differences_without_any_spread_are_not_certainty():
    """Regression: two segments that differed by one each gave p = 0, although the probability is one half."""
    assert matched_pairs([0, 0], [1, 1]) == MatchedPairs(2, 1.0, 0.0, None, 0.5)
    assert matched_pairs([0] * 10, [3] * 10).p_value == pytest.approx(2 / 1024)


def test_mcnemar_on_worked_examples():
    right, wrong = True, False
    found = mcnemar([right] * 9 + [wrong] + [right] * 5, [wrong] * 9 + [right] + [right] * 5)
    assert found == McNemar(5, 9, 1, 0, pytest.approx(22 / 1024))
    assert mcnemar([right, wrong], [right, wrong]).p_value == 1.0
    assert mcnemar([], []).p_value == 1.0
    for heads, tails in ((1, 1), (3, 9), (9, 4), (40, 61), (0, 7)):
        found = mcnemar([True] * heads + [False] * tails, [False] * heads + [True] * tails)
        assert found.p_value == pytest.approx(stats.binomtest(heads, heads + tails).pvalue)


def test_wilcoxon_on_worked_examples():
    """Five pairs that all differ in one direction: the smallest possible p-value for five."""
    assert wilcoxon([0.1, 0.2, 0.3, 0.4, 0.5], [0.2, 0.4, 0.7, 0.9, 1.1]) == Wilcoxon(5, pytest.approx(0.0625))
    # Equal differences: both extremes of the signs of four are 2 of 16.
    assert wilcoxon([0, 0, 0, 0, 7], [1, 1, 1, 1, 7]) == Wilcoxon(4, pytest.approx(2 / 16))
    assert wilcoxon([1, 2], [1, 2]) == Wilcoxon(0, 1.0)
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 20))
    assert wilcoxon(one, other).p_value == pytest.approx(stats.wilcoxon(other - one, method="exact").pvalue)
    one, other = rng.integers(0, 9, size=80), rng.integers(1, 9, size=80)
    known = stats.wilcoxon(other[one != other] - one[one != other], method="approx")
    assert wilcoxon(one, other).p_value == pytest.approx(known.pvalue)


@given(P_VALUES)
def test_holm_only_raises_keeps_the_order_and_stays_a_probability(p_values):
    adjusted = holm(p_values)
    known = [(p, a) for p, a in zip(p_values, adjusted, strict=True) if p is not None]
    assert [p is None for p in p_values] == [a is None for a in adjusted]
    assert all(p <= a <= 1 or a == pytest.approx(p) for p, a in known)
    assert [a for _, a in sorted(known)] == sorted(a for _, a in known)
    if len(known) == 1:
        assert known[0][0] == known[0][1]


def test_holm_on_the_worked_example():
    assert holm([0.01, 0.04, None, 0.03, 0.005]) == [
        pytest.approx(0.03),
        pytest.approx(0.06),
        None,
        pytest.approx(0.06),
        pytest.approx(0.02),
    ]


def test_p_is_never_printed_as_0():
    assert [p_text(p) for p in (None, 1.0, 0.0312, 0.0001, 0.00009, 1e-300)] == [
        "-", "1.0000", "0.0312", "0.0001", "< 0.0001", "< 0.0001",
    ]  # fmt: skip
    assert matched_pairs([0] * 5000, [1, 2] * 2500).p_value > 0
    assert mcnemar([True] * 3000, [False] * 3000).p_value > 0


@given(SHARES, st.randoms(use_true_random=False))
def test_a_paired_difference_keeps_its_laws(rows, chance):
    other = rows[:]
    chance.shuffle(other)
    keys = range(len(rows))
    there, back = paired_rates(rows, other, keys), paired_rates(other, rows, keys)
    assert there.difference == pytest.approx(-back.difference)
    assert there.interval.low == pytest.approx(-back.interval.high)
    assert there.second == pytest.approx(there.first + there.difference)
    same = paired_rates(rows, rows, keys)
    assert (same.difference, same.p_value) == (0.0, 1.0)
    assert same.interval.low == -same.interval.high < 0, "samples that do not differ are no certainty"


@given(SHARES, st.randoms(use_true_random=False), st.integers(2, 12))
def test_the_interval_the_relative_interval_and_the_p_value_agree(rows, chance, speakers):
    other = [(max(0, part - chance.randint(0, 2)), whole) for part, whole in rows]
    found = paired_rates(rows, other, [number % speakers for number in range(len(rows))])
    if found.interval is None:
        assert found.refused.text("speaker")
        return
    excluded = found.interval.low > 0 or found.interval.high < 0
    if found.p_value is None:
        assert found.interval.bound
    else:
        assert excluded == (found.p_value < 0.05)
    if found.relative_interval is not None:
        relative = found.relative_interval
        assert excluded == (relative.low > 0 or relative.high < 0)
        assert -1 <= relative.low <= found.relative + 1e-12
        assert found.relative <= relative.high + 1e-12


def test_the_p_value_is_that_of_the_paired_t_test_where_all_speakers_said_as_much():
    rng = np.random.default_rng(3)
    one, other = rng.binomial(50, 0.2, size=12), rng.binomial(50, 0.25, size=12)
    found = paired_rates([(part, 50) for part in one], [(part, 50) for part in other], range(12))
    textbook = stats.ttest_rel(other, one)
    assert found.p_value == pytest.approx(textbook.pvalue)


def test_a_difference_in_too_few_samples_has_a_bound_and_no_test():
    one = [(1, 10)] * 40
    other = [(0, 10)] * 7 + one[7:]
    found = paired_rates(one, other, range(40))
    assert found.p_value is None
    assert found.interval.bound == "only a bound: 7 differing samples, too few for a test"
    assert found.relative_interval.bound == found.interval.bound
    more = paired_rates(one, [(0, 10)] * 8 + one[8:], range(40))
    assert (more.interval.bound, more.p_value < 0.05) == (None, True)


def test_a_ratio_to_nothing_has_no_interval():
    found = paired_rates([(1, 9), (2, 9), (1, 9)], [(0, 9)] * 3, range(3))
    assert (found.relative, found.relative_interval) == (-1.0, None)
    assert "one of the figures is 0" in found.relative_refused.text()


@given(SHARES, st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_change_a_paired_difference(rows, chance):
    named = [(f"s{number % 12}", (part, whole), (max(0, part - 1), whole)) for number, (part, whole) in enumerate(rows)]
    shuffled = named[:]
    chance.shuffle(shuffled)
    found = [
        paired_rates([a for _, a, _ in each], [b for _, _, b in each], [k for k, _, _ in each])
        for each in (named, shuffled)
    ]
    assert found[0] == found[1]


def test_quantiles_are_paired_by_drawing_both_alike():
    """A second system that is 0.1 s slower, within a millisecond, is slower in every resample."""
    rng = np.random.default_rng(4)
    values = rng.exponential(size=90)
    found = paired_quantiles(values, values + rng.normal(0.1, 0.001, size=90), range(90), 0.5, seed=0, draws=200)
    assert found.difference == pytest.approx(0.1, abs=0.002)
    assert 0.097 < found.interval.low < found.interval.high < 0.103
    few = paired_quantiles(values[:12], values[:12], range(12), 0.95, seed=0)
    assert (few.difference, few.interval) == (None, None)
    same = paired_quantiles(values, values + 0.1, range(90), 0.5, seed=0, draws=200)
    assert (same.interval, "do not differ" in same.refused.text()) == (None, True)
    speakers = paired_quantiles(values, values[::-1], [number % 4 for number in range(90)], 0.5, seed=0)
    assert "fewer than five speakers" in speakers.refused.text("speaker")


@given(st.lists(st.tuples(st.floats(0.01, 9), st.floats(0.01, 9)), min_size=6, max_size=40))
def test_each_resamples_quantile_is_numpys(pairs):
    one, other = np.array(pairs).T
    found = paired_quantiles(one, other, range(len(pairs)), 0.5, seed=3, draws=30)
    picks = np.random.default_rng(3).integers(len(pairs), size=(30, len(pairs)))
    # Clusters are ordered by name.
    named = np.array(sorted(range(len(pairs)), key=str))
    drawn = [np.median(other[named[row]]) - np.median(one[named[row]]) for row in picks]
    if found.interval is None:
        assert (
            max(drawn) - min(drawn) < 1e-9
            or "too few" in found.refused.text()
            or "do not differ" in found.refused.text()
        )
        return
    assert found.interval.low >= min(drawn) - 1e-9
    assert found.interval.high <= max(drawn) + 1e-9


def made(chance, said):
    words = []
    for word in said:
        luck = chance.random()
        words += [word] if luck < 0.75 else [chance.choice("abcdef")] if luck < 0.9 else []
        words += [chance.choice("abcdef")] if chance.random() < 0.06 else []
    return words


@nist.needed
@pytest.mark.parametrize("seed", range(4))
def test_the_sign_test_is_that_of_sc_stats(tmp_path, seed):
    chance = random.Random(seed)
    lines = {"r.trn": [], "a.trn": [], "b.trn": []}
    said = "a b c d e f g end"
    wrongs = [(chance.randint(0, 1), chance.randint(0, 1)) for _ in range(chance.randint(5, 12))]
    for speaker, errors in enumerate(wrongs):
        for name, wrong in zip(lines, (0, *errors), strict=True):
            lines[name].append(f"{said.replace('c', 'x') if wrong else said} (spk{speaker}_1)")
    for name, each in lines.items():
        (tmp_path / name).write_text("\n".join(each) + "\n")
    ours = sign_test([a / 8 for a, _ in wrongs], [b / 8 for _, b in wrongs])
    # sc_stats orders the systems by their error rates.
    positive, negative, equal, p_value = nist.signs(*(tmp_path / name for name in lines))
    assert sorted((ours.negative, ours.positive)) == sorted((positive, negative))
    assert ours.equal == equal
    assert ours.p_value == pytest.approx(p_value, abs=0.0006)


def test_the_sign_test_on_worked_examples():
    up, down, same = 1.0, -1.0, 0.0
    assert sign_test([0] * 5, [up] * 5) == Signs(5, 0, 0, pytest.approx(2 / 2**5))
    # One of seven is equal: it goes to the smaller side.
    assert sign_test([0] * 7, [up] * 5 + [down, same]).p_value == pytest.approx(58 / 128)
    assert sign_test([0] * 7, [down] * 5 + [up, same]).p_value == pytest.approx(58 / 128)
    assert sign_test([], []).p_value == 1.0
    assert sign_test([0.1, 0.2], [0.10001, 0.2]) == Signs(0, 0, 2, 1.0)


@nist.needed
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sc_stats_finds_the_same_segments_mean_sd_z_and_flips(tmp_path, seed):
    """Each utterance ends with a word that both have right, because sc_stats ignores later insertions of the second."""
    chance = random.Random(seed)
    texts = {"r.trn": [], "a.trn": [], "b.trn": []}
    for number in range(400):
        said = [chance.choice("abcdef") for _ in range(chance.randint(0, 14))]
        for name, words in (("r.trn", said), ("a.trn", made(chance, said)), ("b.trn", made(chance, said))):
            texts[name].append(([*words, "end"], f"(spk{number % 5}_{number})"))
    for name, lines in texts.items():
        (tmp_path / name).write_text("\n".join(" ".join([*words, key]) for words, key in lines) + "\n")
    steps = {
        name: [align_sclite(said, heard) for (said, _), (heard, _) in zip(texts["r.trn"], texts[name], strict=True)]
        for name in ("a.trn", "b.trn")
    }
    ours = mapsswe(steps["a.trn"], steps["b.trn"])
    matched, flips = nist.compared(*(tmp_path / name for name in texts))
    assert ours.segments == matched[0]
    # sc_stats takes the first minus the second, and prints three places.
    assert (-ours.mean, ours.sd, -ours.z) == tuple(pytest.approx(figure, abs=0.00051) for figure in matched[1:])
    right = [[all(step.operation == "equal" for step in one) for one in steps[name]] for name in ("a.trn", "b.trn")]
    found = mcnemar(*right)
    assert (found.both, found.only_first, found.only_second, found.neither) == flips
