"""Entities: matching at word boundaries, distinct companies, and word errors inside names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.metrics import entities
from voicelab.metrics.entities import FoundCounts, SpanCounts
from voicelab.metrics.words import align_words

FORMS = {"NVDA": ("NVIDIA", "Nvidia Corporation"), "AAPL": ("Apple",), "AMD": ("AMD", "Advanced Micro Devices")}


@pytest.mark.parametrize(
    ("text", "entity", "found"),
    [
        ("The latest NEWS about it", "news", True),
        ("a newsroom", "news", False),
        ("Nvidia's chips", "NVIDIA", True),
        ("ticker NVDA, up", "nvda", True),
        ("the watch  list of mine", "watch list", True),
        ("pineapple", "Apple", False),
        ("R&D rose", "R&D", True),
        ("", "news", False),
        ("it fell -4% today", "4%", False),
        ("it fell −4% today", "4%", False),
        ("it fell -4% today", "-4%", True),
        ("a range of 3-4%", "4%", True),
        ("at 7.25 now", "7.2", False),
        ("at 7.25 now", "25", False),
        ("at 7.25.", "7.25", True),
        ("1,250 shares", "250", False),
        ("我要卖茅台股份", "茅台", True),
        ("我要卖茅台股份", "股票", False),
        ("我要卖MSFT股份", "MSFT", True),
        ("네이버를 팔아 주세요", "네이버", True),
    ],
)
def test_surface(text, entity, found):
    assert entities.mentions(text, entity) is found


def test_a_ticker_and_a_name_are_one_company():
    expected = ["NVDA", "NVIDIA", "news", "latest"]
    assert entities.companies_of(expected, FORMS) == {"NVDA"}
    assert entities.linked(expected, "what about nvidia corporation", FORMS) == FoundCounts(1, 1)
    assert entities.surface(expected, "the latest on nvidia") == FoundCounts(4, 2)


def test_what_the_agent_claims_and_nobody_expects_costs_precision():
    counts = entities.linked_by_agent(["NVDA", "Apple"], ["NVDA", "AMD"], FORMS)
    assert counts == FoundCounts(expected=2, found=1, unexpected=1)
    assert (counts.recall, counts.precision, counts.f1) == (0.5, 0.5, 0.5)


def test_nothing_expected_is_none():
    assert (FoundCounts().recall, FoundCounts().precision, FoundCounts().f1) == (None, None, None)


@given(st.lists(st.builds(FoundCounts, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=5))
def test_counts_add(counts):
    total = sum(counts, FoundCounts())
    assert total.expected == sum(one.expected for one in counts)
    assert total == sum(reversed(counts), FoundCounts())


def test_errors_are_counted_inside_the_spans_only():
    steps = align_words(
        ["news", "about", "advanced", "micro", "devices", "now"],
        ["noose", "about", "advanced", "mike", "row", "devices"],
    )
    counts = entities.entity_word_errors(steps, [["advanced", "micro", "devices"]])
    assert counts == SpanCounts(words=3, errors=2)


def test_a_longer_span_takes_its_words_from_a_shorter_one():
    steps = align_words(["goldman", "sachs"], ["goldman", "sacks"])
    assert entities.entity_word_errors(steps, [["goldman"], ["goldman", "sachs"]]) == SpanCounts(2, 1)


def test_a_reference_without_the_entity_has_nothing_to_score():
    assert entities.entity_word_errors(align_words(["hello"], ["hello"]), [["nvidia"]]) == SpanCounts()
