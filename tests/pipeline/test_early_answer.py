"""An answer started before the end of the turn is used if it fits, and otherwise dropped without effect."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.support.model_server import CallTool, Text, model_server
from tests.support.serving import until
from tests.support.tones import tone
from voicelab.agent.base import Dialogue, Exchange
from voicelab.agent.fake import FakeAgent
from voicelab.agent.finance.tools.watchlist import WatchlistAddTool
from voicelab.errors import EngineError
from voicelab.pipeline.pipeline import Pipeline
from voicelab.pipeline.turn import Turn
from voicelab.pipeline.turn_events import AgentAnswer, SpokenReply, TurnEvent
from voicelab.tts.fake import FakeVoice

HEARD = "show me the news"


@pytest.fixture
async def pipeline():
    opened = await Pipeline.open(f"fake:text={HEARD}", "fake:text=One. Two. Three.", "fake")
    yield opened
    await opened.close()


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """What the agent is asked."""
    found, respond = [], FakeAgent.respond
    monkeypatch.setattr(FakeAgent, "respond", lambda *given: found.append(given[1]) or respond(*given))
    return found


@pytest.fixture
def spoken(monkeypatch) -> list[str]:
    """What the voice speaks."""
    found, speak = [], FakeVoice.speak
    monkeypatch.setattr(FakeVoice, "speak", lambda *given: found.append(given[1]) or speak(*given))
    return found


async def heard_turn(pipeline: Pipeline, dialogue: Dialogue = Dialogue()) -> Turn:  # noqa: B008 - frozen
    turn = Turn(pipeline, dialogue)
    await turn.hear(tone(1.0))
    return turn


async def finished(turn: Turn) -> list[TurnEvent]:
    try:
        return [event async for event in turn.finish()]
    finally:
        await turn.close()


def open_streams(pipeline: Pipeline) -> int:
    return sum(worker.open_streams for pool in pipeline.hosts for worker in pool._workers)


async def test_an_answer_that_fits_is_made_once_and_is_the_same(pipeline, asked) -> None:
    ordinary = await heard_turn(pipeline)
    expected = await finished(ordinary)
    early = await heard_turn(pipeline)
    await early.begin_early(HEARD)
    await asyncio.to_thread(until, lambda: len(asked) == 2)
    assert await finished(early) == expected
    assert asked == [HEARD, HEARD]
    assert {name for name, value in early.times.model_dump().items() if value is not None} == {
        name for name, value in ordinary.times.model_dump().items() if value is not None
    }
    assert {span.stage for span in early.intervals} == {span.stage for span in ordinary.intervals}
    assert early.reply_so_far == ordinary.reply_so_far
    assert early.played_text(1.0) == ordinary.played_text(1.0)


async def test_it_stops_at_its_first_sound_until_it_is_wanted(pipeline, spoken) -> None:
    turn = await heard_turn(pipeline)
    await turn.begin_early(HEARD)
    await asyncio.to_thread(until, lambda: spoken)
    await asyncio.sleep(0.1)
    assert spoken == ["One."]
    assert [event.last for event in await finished(turn) if isinstance(event, SpokenReply)][-1]
    assert spoken == ["One.", "Two.", "Three."]


@pytest.mark.parametrize("other", ["words", "dialogue"])
async def test_an_answer_that_does_not_fit_is_replaced(pipeline, asked, other) -> None:
    turn = await heard_turn(pipeline)
    await turn.begin_early("show me" if other == "words" else HEARD)
    await asyncio.to_thread(until, lambda: asked)
    if other == "dialogue":
        turn.dialogue = Dialogue(exchanges=(Exchange("hello", "hi", "greeting"),))
    events = await finished(turn)
    assert asked == ["show me" if other == "words" else HEARD, HEARD]
    assert [event.heard for event in events if isinstance(event, AgentAnswer)] == [HEARD]
    assert len([span for span in turn.intervals if span.stage == "agent"]) == 1


async def test_a_dropped_answer_leaves_nothing(pipeline, asked) -> None:
    turn = await heard_turn(pipeline)
    before = turn.times.model_dump()
    await turn.begin_early(HEARD)
    await asyncio.to_thread(until, lambda: asked)
    await turn.drop_early()
    assert (turn.times.model_dump(), turn.intervals, turn.reply_so_far, turn.played_text(9.0)) == (before, [], None, "")
    await turn.begin_early(HEARD)
    await turn.close()
    assert open_streams(pipeline) == 0
    assert not [task for task in asyncio.all_tasks() if "EarlyAnswer" in repr(task)]


async def test_what_an_early_answer_failed_with_concerns_only_who_wanted_it(pipeline, monkeypatch) -> None:
    def fail(*_given):
        raise ValueError("out of order")

    respond = FakeAgent.respond
    monkeypatch.setattr(FakeAgent, "respond", fail)
    wanted, dropped = await heard_turn(pipeline), await heard_turn(pipeline)
    await wanted.begin_early(HEARD)
    await dropped.begin_early("show me")
    with pytest.raises(EngineError, match="out of order"):
        await finished(wanted)
    monkeypatch.setattr(FakeAgent, "respond", respond)
    assert isinstance((await finished(dropped))[-1], SpokenReply)


@pytest.mark.parametrize("kept", [True, False])
async def test_a_model_s_tools_change_nothing_before_the_turn_is_over(monkeypatch, kept) -> None:
    ran, run = [], WatchlistAddTool.run
    monkeypatch.setattr(WatchlistAddTool, "run", lambda *given: ran.append(given[1]) or run(*given))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def model(asked):
        return [Text("Done.")] if asked.results else [CallTool("watchlist_add", {"company": "Nvidia"})]

    with model_server(model) as server:
        agent = f"openai:base_url={server.base_url},model=stub,retries=0"
        opened = await Pipeline.open("fake:text=add nvidia to my watchlist", agent, "fake")
        try:
            turn = await heard_turn(opened)
            await turn.begin_early("add nvidia to my watchlist")
            await asyncio.to_thread(until, lambda: server.asked)
            await asyncio.sleep(0.2)
            assert not ran
            if kept:
                (answer,) = [event for event in await finished(turn) if isinstance(event, AgentAnswer)]
                assert [change.ticker for change in answer.reply.changes] == ["NVDA"]
                assert "error" not in json.loads(answer.reply.tool_calls[0].result)
            await turn.close()
            assert len(ran) == int(kept)
        finally:
            await opened.close()
