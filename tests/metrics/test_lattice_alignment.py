"""Alignments with NumPy rows equal those of a loop over all cells, step by step."""

import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cell_alignment import align_by_cells
from voicelab.errors import InputError
from voicelab.metrics.alternatives import Lattice, lattice, parse, plain_lattice
from voicelab.metrics.lattice_alignment import align_lattices
from voicelab.metrics.sclite import align_weighted
from voicelab.metrics.weights import MINIMAL, SCLITE, weights_of
from voicelab.metrics.word_matching import Matching, is_optional, with_optional

CUSTOM = weights_of("1.5:1:1")
WEIGHTS = [MINIMAL, SCLITE, CUSTOM, weights_of("1:2:0.5")]
WORD = st.sampled_from("a b c d".split())
OPTION = st.lists(WORD, min_size=1, max_size=3).map(" ".join) | st.just("@")
CHOICE = st.lists(OPTION, min_size=1, max_size=3).map(lambda options: "{ " + " / ".join(options) + " }")
PLAIN = st.lists(WORD, max_size=12).map(" ".join)
WORDINGS = st.lists(WORD | CHOICE | st.just("@"), max_size=9).map(" ".join)


@given(WORDINGS, WORDINGS | PLAIN, st.sampled_from(WEIGHTS), st.sampled_from([1, 200, 100_000]))
def test_the_alignment_is_that_of_the_loop(reference, hypothesis, weights, block_bytes):
    mine, other = lattice(parse(reference)), lattice(parse(hypothesis))
    assert align_lattices(mine, other, weights, block_bytes=block_bytes) == align_by_cells(mine, other, weights)


@given(PLAIN, WORDINGS, st.sampled_from(WEIGHTS), st.sampled_from([1, 200, 100_000]))
def test_the_alignment_is_that_of_the_loop_where_only_the_hypothesis_has_alternatives(
    reference, hypothesis, weights, block_bytes
):
    mine, other = lattice(parse(reference)), lattice(parse(hypothesis))
    assert align_lattices(mine, other, weights, block_bytes=block_bytes) == align_by_cells(mine, other, weights)


def spoken(chance: random.Random, words: int, errors: float) -> tuple[str, str]:
    """A reference with alternatives and a hypothesis of it with that share of errors."""
    reference, hypothesis = [], []
    for _ in range(words):
        word, other = (f"w{int(chance.paretovariate(0.7)) % 5000}" for _ in range(2))
        kind = chance.random()
        reference.append(f"{{ {word} / {other} }}" if kind < 0.2 else f"{{ {word} / @ }}" if kind < 0.25 else word)
        slip = chance.random() / errors
        if slip > 1:
            hypothesis.append(chance.choice([word, other]) if kind < 0.2 else word)
        elif slip > 0.3:
            hypothesis.append("x" if slip > 0.6 else f"{word} {other}")
    return " ".join(reference), " ".join(hypothesis)


@pytest.mark.parametrize("weights", WEIGHTS, ids=lambda weights: weights.name)
@pytest.mark.parametrize("errors", [0.05, 0.3, 0.9])
def test_long_texts_align_as_by_the_loop(weights, errors):
    reference, hypothesis = spoken(random.Random(errors), 250, errors)
    mine, other = lattice(parse(reference)), lattice(parse(hypothesis))
    expected = align_by_cells(mine, other, weights)
    assert align_lattices(mine, other, weights) == expected
    assert align_lattices(mine, other, weights, block_bytes=12_000) == expected


@pytest.mark.parametrize("weights", WEIGHTS, ids=lambda weights: weights.name)
def test_long_plain_texts_align_as_short_ones_do(weights, monkeypatch):
    chance = random.Random(7)
    sides = [[chance.choice(["a", "b", "c", "@"]) for _ in range(150)] for _ in range(2)]
    expected = align_weighted(*sides, weights)
    monkeypatch.setattr("voicelab.metrics.sclite.LONG_CELLS", 0)
    assert align_weighted(*sides, weights) == expected


def test_memory_does_not_grow_with_the_product_of_the_lengths():
    """Texts without a common word, for which no cell can be skipped: 9 million cells."""
    mine, other = (plain_lattice([f"{side}{number % 97}" for number in range(3_000)]) for side in "ab")
    tracemalloc.start()
    steps = align_lattices(mine, other, SCLITE, block_bytes=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(steps) == 3_000
    assert peak < 12e6


def test_the_lattice_of_one_wording_is_the_plain_one():
    assert plain_lattice(["a", "b"]) == lattice(["a", "b"]) == Lattice(("", "a", "b"), ((), (0,), (1,)), (2,))
    assert plain_lattice([]) == lattice([])


def test_custom_weights_keep_their_ratios():
    assert (CUSTOM.substitution, CUSTOM.insertion, CUSTOM.deletion) == (3.0, 2.0, 2.0)
    assert weights_of("minimal") is MINIMAL


@pytest.mark.parametrize("text", ["", "heavy", "1:2", "1:2:3:4", "1:x:1", "0:1:1", "-1:1:1", "1:1:nan", "1:1:9999"])
def test_other_weights_are_refused(text):
    with pytest.raises(InputError, match="weights"):
        weights_of(text)


def brute_cost(reference, hypothesis, weights, matching):
    """The minimum cost over all alignments of two word lists, by definition."""
    if not reference and not hypothesis:
        return 0.0
    costs = []
    if reference:
        cost = weights.optional if is_optional(reference[0]) else weights.deletion
        costs.append(cost + brute_cost(reference[1:], hypothesis, weights, matching))
    if hypothesis:
        cost = weights.optional if is_optional(hypothesis[0]) else weights.insertion
        costs.append(cost + brute_cost(reference, hypothesis[1:], weights, matching))
    if reference and hypothesis:
        cost = 0.0 if matching.alike(reference[0], hypothesis[0]) else weights.substitution
        costs.append(cost + brute_cost(reference[1:], hypothesis[1:], weights, matching))
    return min(costs)


def cost_of(steps, weights):
    prices = {"substitute": weights.substitution, "insert": weights.insertion, "delete": weights.deletion, "equal": 0.0}
    left_out = sum(step.operation == "equal" and None in (step.reference, step.hypothesis) for step in steps)
    return sum(prices[step.operation] for step in steps) + weights.optional * left_out


MARKED_WORDS = st.lists(st.sampled_from(["a", "ab", "a-", "-b", "(a)", "b"]), max_size=5)


@given(MARKED_WORDS, MARKED_WORDS, st.sampled_from([MINIMAL, SCLITE, CUSTOM]), st.booleans(), st.booleans())
def test_optional_and_broken_off_words_are_aligned_at_least_cost(mine, other, weights, fragments, optional):
    sides = [with_optional(words) if optional else tuple(words) for words in (mine, other)]
    matching = Matching(fragments)
    steps = align_lattices(plain_lattice(sides[0]), plain_lattice(sides[1]), weights, matching=matching)
    assert cost_of(steps, weights) == brute_cost(*sides, weights, matching)
    assert [step.reference for step in steps if step.reference is not None] == mine
    assert [step.hypothesis for step in steps if step.hypothesis is not None] == other


@pytest.mark.parametrize(
    ("word", "other", "same"),
    [
        ("won-", "wonder", True),
        ("wonder", "won-", True),
        ("-der", "wonder", True),
        ("won-", "won", True),
        ("won-", "wond-", True),
        ("wond-", "won-", False),
        ("won-", "see", False),
        ("-won-", "wonder", False),
        ("won-der", "wonder", False),
        ("-", "wonder", False),
    ],
)
def test_broken_off_words_match_what_they_begin(word, other, same):
    assert Matching(fragments=True).alike(word, other) is same
    assert not Matching().alike(word, other)
