"""Entities by class: classification, numbers found and claimed, and intervals."""

import pytest

from voicelab.metrics import entity_classes
from voicelab.metrics.entities import FoundCounts, SpanCounts
from voicelab.metrics.words import align_words

FORMS = {"NVDA": ("NVIDIA", "Nvidia Corporation"), "AAPL": ("Apple",), "T": ("AT&T",)}


@pytest.mark.parametrize(
    ("entity", "kind"),
    [
        ("NVDA", "ticker"), ("nvidia", "company"), ("Apple", "company"), ("latest", "action word"), ("$5", "money"),
        ("5%", "percent"), ("March 3", "date"), ("nineteen", "number"), ("Anna Smith", "name"), ("TSLA", "ticker"),
    ],
)  # fmt: skip
def test_what_an_expected_entity_is(entity, kind):
    assert entity_classes.class_of(entity, FORMS) == kind


def test_recall_by_class():
    found = entity_classes.recall_by_class(
        ["NVDA", "NVIDIA", "news", "$212.50"], "the news: n v d a is at two hundred twelve dollars", FORMS
    )
    assert found == {
        "ticker": FoundCounts(1, 1),
        "company": FoundCounts(1, 0),
        "action word": FoundCounts(1, 1),
        "money": FoundCounts(1, 0),
    }


def test_claims_that_nobody_expects_cost_precision_in_their_own_class():
    found = entity_classes.claims_by_class(["Apple", "$5"], ["apple's", "five dollars", "nine percent"], FORMS)
    assert found == {
        "company": FoundCounts(1, 1),
        "money": FoundCounts(1, 1),
        "percent": FoundCounts(unexpected=1),
    }
    total = sum(found.values(), FoundCounts())
    assert (total.recall, total.precision, total.f1) == (1.0, pytest.approx(2 / 3), pytest.approx(0.8))


def test_word_errors_inside_the_entities_of_each_class():
    steps = align_words("buy apple for five dollars".split(), "by apple for nine dollars".split())
    found = entity_classes.word_errors_by_class(steps, {"Apple": ["apple"], "$5": ["five", "dollars"]}, FORMS)
    assert found == {"company": SpanCounts(1, 0), "money": SpanCounts(2, 1)}
