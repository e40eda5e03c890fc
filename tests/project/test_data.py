"""What is committed under data/: complete, checked, and what the set promises."""

import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest

from voicelab import datasets
from voicelab.agent.finance.market import Market
from voicelab.metrics.entities import companies_of

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def found() -> datasets.SampleSet:
    return datasets.load(DATA / "voice_samples")


def test_every_file_is_listed_with_its_checksum():
    listed = dict(reversed(line.split(maxsplit=1)) for line in (DATA / "SHA256SUMS").read_text().splitlines())
    ignored = re.compile(r"SHA256SUMS$|__pycache__|history\.sqlite3")
    there = {str(path.relative_to(DATA)) for path in DATA.rglob("*") if path.is_file()}
    assert {name for name in there if not ignored.search(name)} == set(listed)
    for name, checksum in listed.items():
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == checksum, name


def test_the_set_is_as_large_and_as_varied_as_it_says(found):
    market = Market.load()
    companies = {ticker for one in found.samples for ticker in companies_of(one.expected_entities, market.forms())}
    assert len(found.samples) >= 48
    assert len(companies) >= 12
    assert len(market.companies) >= 20
    assert len(found.scenarios) >= 4
    assert all(len(scenario.turns) == 3 for scenario in found.scenarios)
    assert found.sample("news_nvda_latest").text == "What's the latest news about NVIDIA?"
    assert {one.expected_intent for one in found.samples} == {
        "stock_price_query", "news_query", "watchlist_add", "watchlist_remove", "watchlist_view", "deep_dive_request",
        "follow_up_question", "unknown",
    }  # fmt: skip


def test_ids_say_what_they_are(found):
    tickers = {ticker.lower() for ticker in Market.load().companies}
    for one in found.samples:
        if one.category == "stock_price_queries":
            assert re.fullmatch(r"price_([a-z]+)", one.id)
            assert one.id.removeprefix("price_") in tickers
        if one.expected_intent == "watchlist_add":
            assert one.id.removeprefix("watchlist_add_") in tickers


def test_five_speakers_share_the_categories(found):
    speakers = Counter(one.speaker for one in found.samples)
    assert len(speakers) == 5
    assert max(speakers.values()) - min(speakers.values()) <= 1


def test_the_audio_is_what_the_readme_says(found):
    total = 0
    for one in found.samples:
        assert one.sha256 is not None
        data = one.audio_bytes()
        total += len(data)
        clip = one.clip()
        assert 0.8 < clip.duration_s < 8.0
        assert clip.level_dbfs > -30
        assert len(data) * 8 / clip.duration_s < 40_000
    assert total < 5_000_000


def test_the_market_data_says_that_it_is_a_sample():
    for name in ("companies", "quotes", "news"):
        assert "sample data" in (DATA / "market" / f"{name}.json").read_text().lower()
    assert (DATA / "README.md").read_text().count("Apache-2.0") >= 2
