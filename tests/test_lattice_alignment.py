"""Alignments by rows of NumPy equal those by a loop over every cell, step by step, whatever is left out or kept."""

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
    """Texts without a word in common, where no cell can be left out: 9 million cells."""
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
