"""`english` compares meanings: equivalent texts have no errors, and different ones at least one."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.metrics.words import count
from voicelab.text import normalizer
from voicelab.text.english.rules import by_all_rules, english

DATA = Path(__file__).parents[1] / "data"
ENGLISH = normalizer("english")


def pairs(name):
    return [tuple(line.split("\t")) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


SAME, DIFFERENT = pairs("english_one_meaning.tsv"), pairs("english_two_meanings.tsv")


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_meaning_is_no_error(one, other):
    assert ENGLISH.words(one) == ENGLISH.words(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_another_meaning_is_an_error(one, other):
    assert count(one, other, ENGLISH).errors > 0


def test_the_tables_hold_at_least_150_pairs_each():
    assert min(len(set(SAME)), len(set(DIFFERENT))) >= 150
    assert all(one != other for one, other in SAME + DIFFERENT)


def test_normalizing_twice_is_normalizing_once():
    for text in (text for pair in SAME + DIFFERENT for text in pair):
        once = ENGLISH.apply(text)
        assert ENGLISH.apply(once) == once


WORDS = st.sampled_from(
    "the a company reported shares um us minus one twenty hundred $5 -3% 6:30 pm may third of and half U.S. p J. don't "
    "point oh Dr. watch list non per cent k 1/2 #4 401k ’s … ½ 👍 é\u00ad x-y : | ~ :over: ( ) [ < ' 's".split()
)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.lists(WORDS, max_size=8).map(" ".join), st.text(max_size=40)))
def test_any_text_comes_out_as_words_between_single_spaces(text):
    outcome = ENGLISH.apply(text)
    assert outcome == " ".join(outcome.split())
    assert outcome == outcome.lower()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from("the company Reported, strong gains today? its Colour mister Mr ok".split()), max_size=9)
)
def test_the_short_way_for_plain_words_gives_what_all_rules_give(words):
    text = " ".join(words)
    assert english(text) == by_all_rules(text)
