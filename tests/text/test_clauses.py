"""Where a long sentence is split for synthesis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.pipeline.spoken_text import Script, spoken_parts
from voicelab.text.clauses import opening_clause

LONG = "Ford, ticker F, trades at 12.45 dollars this morning, which is more than 1,000 analysts had expected."


def test_a_long_sentence_is_cut_behind_the_first_clause_that_is_long_enough():
    assert opening_clause(LONG) == ["Ford, ticker F,", LONG.removeprefix("Ford, ticker F, ")]


@pytest.mark.parametrize(
    "sentence",
    [
        "Ford, ticker F, is at 12 dollars.",
        "A sentence that goes on for very many words without any sign at which a speaker would pause",
        "Well, a sentence that goes on for very many words and whose only comma stands behind its first word",
        "A sentence that goes on for very many words and whose only comma stands before its last one, yes",
        "A number such as 1,234,567 or a time such as 10:30 is no border in a sentence that is long enough",
    ],
)
def test_a_sentence_is_whole_where_a_cut_would_gain_nothing_or_hurt(sentence):
    assert opening_clause(sentence) == [sentence]


@given(st.text(st.sampled_from("abc ,;:–.1"), max_size=150))
def test_only_spaces_are_lost(sentence):
    parts = opening_clause(sentence)
    assert len(parts) <= 2
    assert "".join("".join(parts).split()) == "".join(sentence.split())


def test_only_the_first_sentence_is_cut():
    text = f"{LONG} {LONG}"
    assert spoken_parts(text, clauses=True) == (*opening_clause(LONG), LONG)
    assert spoken_parts(text, clauses=False) == (LONG, LONG)
    assert spoken_parts(" ", clauses=True) == ()


def test_what_was_heard_of_a_cut_sentence_is_a_beginning_of_the_text():
    script = Script(clauses=True)
    script.write(LONG)
    script.end()
    script.add(1.5)
    assert script.heard(1.5) == "Ford, ticker F,"
    script.add(5.0)
    assert script.heard(6.5) == LONG
    assert LONG.startswith(script.heard(4.0))
    assert len(script.heard(4.0)) > len("Ford, ticker F,")
