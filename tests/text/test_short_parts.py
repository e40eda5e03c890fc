"""No part of a sentence for synthesis is longer than the limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.text.clauses import LONGEST, short_parts, spoken_length


@given(st.text(alphabet="ab ,;.9$漢，😀", max_size=3000))
def test_parts_are_short_and_lose_only_spaces(text):
    parts = short_parts(text)
    assert all(0 < spoken_length(part) <= LONGEST for part in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


def test_a_short_sentence_stays_whole():
    assert short_parts("How much is Apple, and what moved it?") == ["How much is Apple, and what moved it?"]


def test_a_long_one_is_cut_behind_a_comma():
    first, second = short_parts("word " * 40 + "end, " + "word " * 40)
    assert first.endswith("end,")
    assert second.startswith("word")


@pytest.mark.parametrize(
    ("text", "most"),
    [("9 " * 200, 34), ("漢" * 200, 30), ("😀" * 200, 30), ("1e308 " * 80, 9), ("слово " * 80, 50), ("word " * 80, 60)],
)
def test_characters_count_as_many_letters_as_are_spoken(text, most):
    """Regression: 300 digits kept the voice busy for seven seconds, and 300 ideograms for fourteen."""
    parts = short_parts(text)
    items = text.count("漢") or text.count("😀") or len(text.split())
    assert max(len(part.split()) if " " in text else len(part) for part in parts) <= most
    assert sum(len(part.split()) if " " in text else len(part) for part in parts) == items


def test_a_chinese_sentence_is_cut_behind_its_comma():
    assert short_parts("苹果公司的股价今天上涨了百分之二，" * 3) == ["苹果公司的股价今天上涨了百分之二，"] * 3
