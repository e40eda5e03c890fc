"""The files under data/ are complete and consistent, and the set has the documented properties."""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from voicelab import datasets
from voicelab.agent.base import Dialogue
from voicelab.agent.finance.intents import INTENTS
from voicelab.agent.finance.market import Market
from voicelab.agent.finance.tools.toolbox import FinanceToolbox
from voicelab.datasets.over_reply import OVER_REPLY_KINDS
from voicelab.metrics.entities import companies_of

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def found() -> datasets.SampleSet:
    return datasets.load(DATA / "voice_samples")


def entries() -> list[dict[str, Any]]:
    """The samples as in the file, including fields that only `make_audio.py` reads."""
    document = json.loads((DATA / "voice_samples" / "voice_samples.json").read_text())
    return [row for rows in document["samples"].values() for row in rows]


def test_every_file_is_listed_with_its_checksum():
    listed = dict(reversed(line.split(maxsplit=1)) for line in (DATA / "SHA256SUMS").read_text().splitlines())
    ignored = re.compile(r"SHA256SUMS$|__pycache__|history\.sqlite3")
    there = {str(path.relative_to(DATA)) for path in DATA.rglob("*") if path.is_file()}
    assert {name for name in there if not ignored.search(name)} == set(listed)
    for name, checksum in listed.items():
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == checksum, name


def test_the_set_is_as_large_and_as_varied_as_it_says(found):
    market = Market.load()
    spoken = [one for one in found.samples if one.text]
    companies = {ticker for one in found.samples for ticker in companies_of(one.expected_entities, market.forms())}
    assert len(spoken) >= 160
    assert len({one.speaker for one in spoken}) >= 10
    assert companies == set(market.companies), "every company of the market data is named"
    assert found.sample("news_nvda_latest").text == "What's the latest news about NVIDIA?"
    assert {one.expected_intent for one in spoken} == set(INTENTS)


def test_scenarios_are_of_one_voice_and_some_are_long(found):
    lengths = Counter(len(scenario.turns) for scenario in found.scenarios)
    assert set(lengths) == {3, 4, 5, 6}
    assert all(len({turn.speaker for turn in scenario.turns}) == 1 for scenario in found.scenarios)
    assert all(not scenario.turns[0].requires_context for scenario in found.scenarios)
    turns = {turn.id for scenario in found.scenarios for turn in scenario.turns}
    assert not [one.id for one in found.samples if one.requires_context and one.id not in turns]
    for scenario in found.scenarios:
        expected = {entity for turn in scenario.turns for entity in turn.expected_entities}
        assert set(scenario.expected_session_entities) == expected


def test_ids_say_what_they_are(found):
    forms = Market.load().forms()
    for one in found.samples:
        match = re.match(r"(price|news|watchlist_add|watchlist_remove)_([a-z]+)", one.id)
        if match and not one.requires_context:
            named = {ticker.lower() for ticker in companies_of(one.expected_entities, forms)}
            assert match[2] in named, one.id


def test_speakers_share_the_set_and_its_conditions(found):
    rows = entries()
    spoken = [row for row in rows if row["text"]]
    speakers = Counter(row["speaker"] for row in spoken)
    assert max(speakers.values()) - min(speakers.values()) <= 6
    degraded = [row for row in spoken if "condition" in row]
    assert len(degraded) >= len(spoken) / 5
    for kind in ("telephone", "noise", "room"):
        assert {row["speaker"] for row in degraded if kind in row["condition"]} == set(speakers), kind
    assert {row.get("speaking_rate", 1.0) for row in spoken} == {1.0, 1.25}
    assert {row["speaker"] for row in spoken if "speaking_rate" in row} == set(speakers)


def test_nothing_is_expected_where_nobody_asks(found):
    silent = [one for one in found.samples if not one.text]
    assert {one.category for one in silent} == {"no_request"}
    for one in silent:
        assert (one.expected_entities, one.expected_intent, one.expected_tool_calls) == ((), None, ())


def test_expected_tool_calls_can_be_made(found):
    """Each names a tool of the finance agent with arguments that it takes, about companies of the sample's context."""
    toolbox = FinanceToolbox()
    toolbox.load()
    tools = {tool.name: tool for tool in toolbox.tools}
    dialogue = Dialogue()
    called = set()
    for one in found.samples:
        for call in one.expected_tool_calls or ():
            tool = tools[call.name]
            tool.run(tool.arguments.model_validate(call.arguments), dialogue)
            called.add(call.name)
    assert called == set(tools)


def test_the_audio_is_what_the_readme_says(found):
    total = 0
    for one in found.samples:
        assert one.sha256 is not None
        data = one.audio_bytes()
        total += len(data)
        clip = one.clip()
        assert clip.duration_s * 32_000 / 8 * 1.25 + 1_000 > len(data)
        if one.text:
            assert 0.8 < clip.duration_s < 8.0
            assert clip.level_dbfs > -40
    assert total < 8_000_000


def test_the_market_data_says_that_it_is_a_sample():
    for name in ("companies", "quotes", "news"):
        assert "sample data" in (DATA / "market" / f"{name}.json").read_text().lower()
    assert (DATA / "README.md").read_text().count("Apache-2.0") >= 2


def test_replies_are_spoken_over_in_every_way_with_recordings_of_the_set(found):
    over = datasets.load(DATA / "over_reply")
    kinds = Counter(one.over_reply.kind for one in over.samples if one.over_reply is not None)
    assert set(kinds) == set(OVER_REPLY_KINDS)
    assert kinds.total() == len(over) == 14
    for one in over.samples:
        assert one.text == found.sample(one.id).text
        assert one.over_reply.audio_path.resolve().is_relative_to(DATA / "voice_samples")
