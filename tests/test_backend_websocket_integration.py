"""Speak samples to a running server and check what comes back, as a script and under pytest.

    make run-server                                                            (in one terminal)
    python tests/test_backend_websocket_integration.py --sample-id news_nvda_latest
    python tests/test_backend_websocket_integration.py --scenario scenario_nvda_story

Under pytest it starts a server of its own, on a free port.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from voicelab import datasets
from voicelab.agent.finance.market import Market
from voicelab.datasets import Sample, SampleSet
from voicelab.errors import VoicelabError
from voicelab.metrics.entities import companies_of, mentions
from voicelab.runs.records import RunSpec
from voicelab.targets.base import TurnOutcome
from voicelab.targets.client import VoiceClient
from voicelab.targets.own_server import own_server

SHIPPED = Path(__file__).parents[1] / "data" / "voice_samples"
SESSIONS = "/api/conversation-sessions/sessions"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Report:
    """What a conversation gave."""

    session_id: str
    takes: list[TurnOutcome]
    elapsed_s: float
    expected: list[str]
    found: list[str]


async def converse(address: str, turns: list[Sample], expected: list[str]) -> Report:
    """Speak the turns in one session, then look in the server's history for what was expected."""
    start = perf_counter()
    url = f"ws://{urlsplit(address).netloc}/ws/voice/simple"
    async with VoiceClient.connect(url, user_id="integration-test") as client:
        takes = [await client.speak(turn.audio_bytes(), source=str(turn.audio_path)) for turn in turns]
        session_id = client.session_id
    elapsed_s = perf_counter() - start
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{address}{SESSIONS}/{session_id}")
        answer.raise_for_status()
    kept = ("transcription", "agent_response", "intent", "entities")
    history = json.dumps([[turn[name] for name in kept] for turn in answer.json()["turns"]])
    found = [entity for entity in expected if mentions(history, entity)]
    return Report(session_id, takes, elapsed_s, expected, found)


def expected_of(sample: Sample) -> list[str]:
    """The names that the session must hold: the company in each listed form, or all that is listed without one."""
    forms = Market.load().forms()
    companies = [entity for entity in sample.expected_entities if companies_of([entity], forms)]
    return companies or list(sample.expected_entities)


async def check_sample(address: str, found: SampleSet, sample_id: str) -> Report:
    sample = found.sample(sample_id)
    return await converse(address, [sample], expected_of(sample))


async def check_scenario(address: str, found: SampleSet, scenario_id: str) -> Report:
    scenario = found.scenario(scenario_id)
    return await converse(address, list(scenario.turns), list(scenario.expected_session_entities))


def assert_good(report: Report) -> None:
    for take in report.takes:
        assert take.error is None, take.error
        assert take.heard
        assert take.answer
        assert take.first_audio_s is not None, "the reply has sound in it"
        assert take.turn_s is not None
        assert take.transcript_s <= take.reply_text_s <= take.first_audio_s <= take.turn_s
    assert report.found == report.expected


@pytest.fixture(scope="module")
def shipped() -> SampleSet:
    return datasets.load(SHIPPED)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(tmp_path_factory):
    """One server for all tests: loading its recognizer takes longer than they do."""
    folder = tmp_path_factory.mktemp("server")
    async with own_server(RunSpec(samples=str(SHIPPED), asr="pocketsphinx"), folder) as running:
        yield running.address


async def test_nvda_news_query(address, shipped):
    report = await check_sample(address, shipped, "news_nvda_latest")
    assert_good(report)
    assert report.takes[0].heard == "what's the latest news about nvidia"
    assert report.expected == ["NVDA", "NVIDIA"]


async def test_price_query(address, shipped):
    report = await check_sample(address, shipped, "price_aapl")
    assert_good(report)
    assert report.takes[0].intent == "stock_price_query"


async def test_watchlist_add(address, shipped):
    report = await check_sample(address, shipped, "watchlist_add_gs")
    assert_good(report)
    assert [entity["value"] for entity in report.takes[0].entities] == ["GS"]


async def test_full_nvda_scenario(address, shipped):
    report = await check_scenario(address, shipped, "scenario_nvda_story")
    assert_good(report)
    assert [take.intent for take in report.takes] == ["news_query", "deep_dive_request", "follow_up_question"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Speak a sample or a scenario to a running server and check the reply."
    )
    parser.add_argument("--sample-id", help="a sample of the set (default: news_nvda_latest)")
    parser.add_argument("--scenario", help="a scenario of the set, spoken in one session")
    parser.add_argument("--samples", default=str(SHIPPED), help="the set (default: the shipped one)")
    parser.add_argument("--url", help="the server's address (default: the set's websocket_endpoint)")
    options = parser.parse_args()
    try:
        return asyncio.run(_run(options))
    except VoicelabError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except httpx.HTTPError as error:
        print(f"✗ the session history cannot be read: {error}", file=sys.stderr)
        return 1


async def _run(options: argparse.Namespace) -> int:
    found = datasets.load(options.samples)
    configured = found.configurations.get("backend_websocket_integration", {}).get("websocket_endpoint", "")
    address = options.url or f"http://{urlsplit(configured).netloc or 'localhost:8000'}"
    if options.scenario:
        report = await check_scenario(address, found, options.scenario)
    else:
        report = await check_sample(address, found, options.sample_id or "news_nvda_latest")
    print(f"Session: {report.session_id}")
    for take in report.takes:
        print(f"Transcription: {take.heard}")
        print(f"Response: {take.answer}")
        print(
            f"Audio: {take.chunks} chunks, {len(take.reply_audio)} bytes, first sound after {_ms(take.first_audio_s)}"
        )
    failed = [take.error for take in report.takes if take.error] or [
        ("no_audio", "no sound came") for take in report.takes if take.first_audio_s is None
    ]
    if failed:
        print(f"✗ Test failed: {failed[0][0]}: {failed[0][1]}")
    else:
        print(f"✓ Test passed in {report.elapsed_s * 1000:.0f} ms")
    print(f"Session validation: {len(report.found)}/{len(report.expected)} entities found")
    if missing := [entity for entity in report.expected if entity not in report.found]:
        print(f"Missing: {', '.join(missing)}")
    return 1 if failed or missing else 0


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
