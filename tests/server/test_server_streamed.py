"""A language model as the server's agent: streamed replies, interrupts, and tool calls in all records."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import pytest

from tests.support.model_server import CallTool, ModelServer, ReceivedRequest, Step, Text, model_server
from tests.support.serving import Served, serving, talking

SLOW = [Text("The first sentence is here. "), Text("The second sentence is here. ", after_s=1.0), Text("Third.")]


def model(asked: ReceivedRequest) -> list[Step]:
    if asked.results:
        return [Text("It is done.")]
    if "slowly" in asked.said:
        return SLOW
    if "endless" in asked.said:
        return [Text("Yet another sentence. ", after_s=0.05)] * 400
    if "call" in asked.said:
        return [CallTool("watchlist_add", {"company": "Nvidia"}), Text("Wait. ")]
    return [Text("Hello there.")]


@contextmanager
def served_by_model(folder: Path) -> Iterator[tuple[Served, ModelServer]]:
    with (
        model_server(model) as stub,
        serving(folder, agent=f"openai:base_url={stub.base_url},model=stub", reply_lead_s=5) as served,
    ):
        yield served, stub


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, ModelServer]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        with served_by_model(tmp_path_factory.mktemp("served")) as made:
            yield made


async def test_the_first_sound_comes_before_the_text_ends(both: tuple[Served, ModelServer]) -> None:
    served, _ = both
    async with talking(served) as talker:
        await talker.init(events=["turn_metrics"])
        begun_s = perf_counter()
        await talker.send("text", text="slowly please")
        names, at_s = [], {}
        while True:
            name, data = await talker.receive()
            names.append(name)
            at_s.setdefault(name, perf_counter() - begun_s)
            if name == "turn_metrics":
                metrics = data
            if name == "agent_response":
                assert data["text"] == "The first sentence is here. The second sentence is here. Third."
            if name == "audio_chunk" and data["is_final"]:
                break
    assert names.count("agent_response") == 1
    assert names[-2:] == ["turn_metrics", "audio_chunk"]
    assert at_s["audio_chunk"] < at_s["agent_response"] - 0.3
    assert metrics["agent_first_s"] < metrics["agent_text_s"] - 0.5
    assert metrics["usage"]["prompt_tokens"] == 100
    assert metrics["usage"]["first_token_s"] < metrics["agent_first_s"] + 0.1


async def test_an_interruption_cancels_the_request_and_only_what_was_heard_is_remembered(
    both: tuple[Served, ModelServer],
) -> None:
    served, stub = both
    stub.left.clear()
    async with talking(served) as talker:
        session = await talker.init(paced=True)
        await talker.send("text", text="endless please")
        await talker.expect("audio_chunk")
        await asyncio.sleep(1.0)
        await talker.send("interrupt")
        name, interrupted = await talker.receive()
        while name == "audio_chunk":
            name, interrupted = await talker.receive()
        assert name == "interrupted"
        assert interrupted["said"]
        assert await asyncio.to_thread(stub.left.wait, 5), "the model's server sees the request go"
        (turn,) = served.turns(session["session_id"])
        assert (turn["agent_response"], turn["error"]) == (interrupted["said"], "interrupted")
        await talker.send("text", text="go on")
        await talker.expect("agent_response")
    assert stub.asked[-1].texts == [
        ("user", "endless please"), ("assistant", interrupted["said"]), ("user", "go on"),
    ]  # fmt: skip


async def test_tool_calls_are_in_the_metrics_the_history_and_the_session(both: tuple[Served, ModelServer]) -> None:
    served, _ = both
    async with talking(served) as talker:
        session = await talker.init(events=["turn_metrics"], user_id="ada")
        await talker.send("text", text="call it for nvidia")
        answer = await talker.answer()
    metrics: dict[str, Any] = answer.one("turn_metrics")
    (call,) = metrics["tool_calls"]
    assert (call["name"], call["arguments"], call["error"]) == ("watchlist_add", {"company": "Nvidia"}, None)
    assert metrics["changes"] == [{"operation": "add", "ticker": "NVDA"}]
    assert answer.one("agent_response")["text"] == "Wait. It is done."
    assert answer.one("agent_response")["intent"] == "watchlist_add"
    async with httpx.AsyncClient(base_url=served.http, trust_env=False) as client:
        detail = (await client.get(f"/api/conversation-sessions/sessions/{session['session_id']}")).json()
    assert detail["turns"][0]["tool_calls"] == [call]
    assert json.loads(served.rows("SELECT tool_calls FROM turns WHERE intent = 'watchlist_add'")[0]["tool_calls"])
    assert [row["ticker"] for row in served.rows("SELECT ticker FROM watchlist WHERE user_id = 'ada'")] == ["NVDA"]


def test_a_typed_command_waits_for_the_whole_text(both: tuple[Served, ModelServer]) -> None:
    served, _ = both
    body = {"command": "slowly please", "user_id": "bob"}
    answer = httpx.post(f"{served.http}/api/voice/command", json=body, trust_env=False, timeout=20).json()
    assert answer["response_text"].endswith("Third.")
