"""No part of a sentence for synthesis is longer than the limit."""

from hypothesis import given
from hypothesis import strategies as st

from voicelab.text.clauses import LONGEST, short_parts


@given(st.text(alphabet="ab ,;.", max_size=3000))
def test_parts_are_short_and_lose_only_spaces(text):
    parts = short_parts(text)
    assert all(0 < len(part) <= LONGEST for part in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


def test_a_short_sentence_stays_whole():
    assert short_parts("How much is Apple, and what moved it?") == ["How much is Apple, and what moved it?"]


def test_a_long_one_is_cut_behind_a_comma():
    first, second = short_parts("word " * 40 + "end, " + "word " * 40)
    assert first.endswith("end,")
    assert second.startswith("word")
