"""The laws of word counts, compared with a simple edit distance."""

import subprocess
import sys

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.metrics.words import (
    WordCounts,
    align_words,
    count,
    count_characters,
    count_many,
    count_words,
    counts_of,
)
from voicelab.text import normalizer

WORDS = st.lists(st.sampled_from(["add", "apple", "to", "my", "list", "x"]), max_size=12)
NONE = normalizer("none")


def edit_distance(left: list[str], right: list[str]) -> int:
    row = list(range(len(right) + 1))
    for i, mine in enumerate(left, start=1):
        before, row[0] = row[0], i
        for j, other in enumerate(right, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (mine != other))
    return row[-1]


@given(WORDS, WORDS)
def test_errors_are_the_edit_distance(reference, hypothesis):
    counts = counts_of(align_words(reference, hypothesis))
    assert counts.errors == edit_distance(reference, hypothesis)
    assert counts.reference_words == len(reference)
    assert counts.hypothesis_words == len(hypothesis)


@given(WORDS, WORDS)
def test_an_alignment_spells_both_texts(reference, hypothesis):
    steps = align_words(reference, hypothesis)
    assert [step.reference for step in steps if step.reference is not None] == reference
    assert [step.hypothesis for step in steps if step.hypothesis is not None] == hypothesis


@given(WORDS)
def test_the_same_text_has_no_errors(words):
    assert counts_of(align_words(words, words)) == WordCounts(hits=len(words))


@given(st.lists(st.builds(WordCounts, *[st.integers(0, 50)] * 4), max_size=6))
def test_counts_add_in_any_order(counts):
    forward, backward = sum(counts, WordCounts()), sum(reversed(counts), WordCounts())
    assert forward == backward
    assert forward.errors == sum(one.errors for one in counts)


@given(st.builds(WordCounts, *[st.integers(0, 50)] * 4))
def test_bounds(counts):
    for rate in (counts.mer, counts.wil):
        assert rate is None or 0 <= rate <= 1
    assert counts.wer is None or counts.wer >= 0
    if counts.wer is not None and counts.mer is not None:
        assert counts.mer <= counts.wer or counts.insertions == 0


def test_nothing_scored_is_none_and_not_zero():
    empty = WordCounts()
    assert (empty.wer, empty.mer, empty.wil) == (None, None, None)
    assert WordCounts(insertions=3).wer is None


def test_an_empty_hypothesis_is_deletions():
    counts = count("add apple to my list", "", NONE)
    assert counts == WordCounts(deletions=5)
    assert (counts.wer, counts.wil) == (1.0, 1.0)


def test_an_empty_reference_is_insertions():
    assert count("", "hello there", NONE) == WordCounts(insertions=2)


def test_a_worked_example():
    """The example of jiwer's own documentation style: one substitution, one deletion, one insertion."""
    counts = count("the price of apple stock", "a price of apple now stock please", NONE)
    assert counts == WordCounts(hits=4, substitutions=1, deletions=0, insertions=2)
    assert counts.wer == pytest.approx(3 / 5)
    assert counts.mer == pytest.approx(3 / 7)
    assert counts.wil == pytest.approx(1 - 16 / (5 * 7))


def test_both_sides_go_through_the_same_normalizer():
    assert count("Show me my watchlist!", "show me my watch list", normalizer("english")).errors == 0
    assert count("Show me my watchlist!", "show me my watch list", normalizer("basic")).errors == 2


def test_characters():
    counts = count_characters("abcd", "abxd", NONE)
    assert (counts.hits, counts.substitutions, counts.wer) == (3, 1, 0.25)
    assert count_characters("", "ab", NONE) == WordCounts(insertions=2)
    assert count_characters("ab", "", NONE) == WordCounts(deletions=2)


SPACED = st.lists(st.sampled_from(["add", "a", "to", "my", "list", "x", "xy"]), min_size=1, max_size=12).map(" ".join)


@given(st.lists(st.tuples(SPACED, SPACED | st.just("")), min_size=1, max_size=4))
def test_counts_and_rates_are_jiwers(pairs):
    references, hypotheses = [one for one, _ in pairs], [other for _, other in pairs]
    words = jiwer.process_words(references, hypotheses)
    ours = sum(count_many(references, hypotheses, NONE), WordCounts())
    assert ours == WordCounts(words.hits, words.substitutions, words.deletions, words.insertions)
    assert (ours.wer, ours.mer, ours.wil) == pytest.approx((words.wer, words.mer, words.wil))
    letters = jiwer.process_characters(references, hypotheses)
    characters = sum((count_characters(one, other, NONE) for one, other in pairs), WordCounts())
    assert characters == WordCounts(letters.hits, letters.substitutions, letters.deletions, letters.insertions)
    assert characters.wer == pytest.approx(letters.cer)


@given(WORDS, WORDS)
def test_counting_is_what_the_alignment_adds_up_to(reference, hypothesis):
    assert count_words(reference, hypothesis) == counts_of(align_words(reference, hypothesis))


def test_as_many_hypotheses_as_references():
    with pytest.raises(ValueError, match="shorter"):
        count_many(["a", "b"], ["a"], NONE)


def test_the_metrics_load_nothing_heavy():
    """Modules with a slow import are not imported before their use."""
    program = "import sys, voicelab.metrics.words; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = set(subprocess.check_output([sys.executable, "-c", program], text=True).split())
    assert not loaded & {"numpy", "scipy", "pandas", "pydantic", "jiwer", "matplotlib", "av", "torch"}
