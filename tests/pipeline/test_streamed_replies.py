"""A reply is spoken while it is written; an interruption cancels the rest, and only what was heard is kept."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.replies import reply_clip
from voicelab.agent.base import Dialogue, Reply, ToolCall, WatchlistChange, whole
from voicelab.agent.fake import FakeAgent
from voicelab.errors import EngineError
from voicelab.pipeline.pipeline import Pipeline
from voicelab.pipeline.spoken_text import Script
from voicelab.pipeline.turn import Turn
from voicelab.pipeline.turn_events import AgentAnswer, SpokenReply
from voicelab.text import sentences

TEXT = "One is here. Two is here. Three is here."


@pytest.fixture
async def pipeline():
    opened = await Pipeline.open("fake", f"fake:text={TEXT},sentence_s=0.3", "fake")
    yield opened
    await opened.close()


async def timed(turn: Turn) -> list[tuple[float, object]]:
    begun = time.perf_counter()
    return [(time.perf_counter() - begun, event) async for event in turn.answer("go")]


async def test_the_first_sound_comes_before_the_text_ends(pipeline: Pipeline) -> None:
    turn = Turn(pipeline, Dialogue())
    events = await timed(turn)
    await turn.close()
    first_sound_s = next(at_s for at_s, event in events if isinstance(event, SpokenReply))
    ((answered_s, answer),) = [(at_s, event) for at_s, event in events if isinstance(event, AgentAnswer)]
    assert first_sound_s < 0.75 * answered_s
    assert answer.reply.text.strip() == TEXT
    spoken = [event for _, event in events if isinstance(event, SpokenReply)]
    assert [event.last for event in spoken] == [False] * (len(spoken) - 1) + [True]
    assert isinstance(events[-1][1], SpokenReply), "the answer comes before the last sound"
    times = turn.times
    assert times.agent_first_s < times.agent_text_s
    assert times.agent_s <= times.agent_text_s + 0.05
    audio = reply_clip(b"".join(event.data for event in spoken))
    assert audio.duration_s == pytest.approx(times.reply_audio_s, abs=0.1)


@pytest.mark.parametrize("form", ["opus", "opus_packets", "wav", "pcm16", "mulaw"])
async def test_a_reply_sounds_the_same_streamed_or_whole(pipeline: Pipeline, form: str) -> None:
    whole_pipeline = await Pipeline.open("fake", f"fake:text={TEXT}", "fake")
    lengths = []
    try:
        for one in (pipeline, whole_pipeline):
            turn = Turn(one, Dialogue(), reply_format=form)
            spoken = [event async for event in turn.answer("go") if isinstance(event, SpokenReply)]
            await turn.close()
            assert all(event.data for event in spoken)
            assert spoken[-1].last
            lengths.append(turn.times.reply_audio_s)
    finally:
        await whole_pipeline.close()
    assert lengths[0] == pytest.approx(lengths[1], abs=0.03)


async def test_an_agent_that_gives_its_reply_whole_answers_before_any_sound() -> None:
    pipeline = await Pipeline.open("fake", "rules", "fake")
    turn = Turn(pipeline, Dialogue())
    try:
        events = [event async for event in turn.answer("the latest news about Nvidia")]
    finally:
        await turn.close()
        await pipeline.close()
    assert isinstance(events[0], AgentAnswer)
    assert turn.times.agent_first_s == turn.times.agent_text_s


async def test_an_interrupted_reply_is_cancelled_and_remembered_as_far_as_it_was_heard(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = threading.Event()

    def write(_agent: FakeAgent, _heard: str, _dialogue: Dialogue) -> Generator[object, None, Reply]:
        try:
            yield ToolCall("quote", {"company": "Nvidia"}, "{}", 0.1)
            yield WatchlistChange("add", "NVDA")
            yield "One is here. "
            for _ in range(1000):
                time.sleep(0.02)
                yield "And more is here. "
            return Reply("never", "never")
        finally:
            closed.set()

    monkeypatch.setattr(FakeAgent, "respond", write)
    turn = Turn(pipeline, Dialogue())
    async with aclosing(turn.answer("go")) as events:
        async for event in events:
            assert not isinstance(event, AgentAnswer)
            break
    await turn.close()
    assert await asyncio.to_thread(closed.wait, 5)
    so_far = turn.reply_so_far
    assert so_far is not None
    assert [call.name for call in so_far.tool_calls] == ["quote"]
    assert so_far.changes == (WatchlistChange("add", "NVDA"),)
    assert turn.played_text(0.0) == ""
    assert turn.played_text(99.0).startswith("One is here.")
    assert so_far.text.startswith(turn.played_text(99.0))


@pytest.mark.parametrize(
    ("end", "complaint"),
    [
        (Reply("Something else.", ""), "differs from what it had written"),
        (RuntimeError("out of words"), "out of words"),
    ],
)
async def test_an_agent_that_fails_while_it_writes_fails_the_turn(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, end: Reply | Exception, complaint: str
) -> None:
    def write(*_: object) -> Generator[str, None, Reply]:
        yield "One is here. "
        if isinstance(end, Exception):
            raise end
        return end

    monkeypatch.setattr(FakeAgent, "respond", write)
    turn = Turn(pipeline, Dialogue())
    with pytest.raises(EngineError, match=complaint):
        _ = [event async for event in turn.answer("go")]
    await turn.close()


async def test_a_typed_reply_is_whole_and_makes_no_sound(pipeline: Pipeline) -> None:
    turn = Turn(pipeline, Dialogue())
    reply = await turn.reply("go")
    await turn.close()
    assert reply.text.strip() == TEXT
    assert turn.times.tts_s is None
    assert turn.times.agent_s >= 0.9


def test_a_streamed_reply_can_be_waited_for() -> None:
    agent = FakeAgent(text=TEXT, sentence_s=0.001)
    assert whole(agent.respond("go", Dialogue())).text.strip() == TEXT


texts = st.text(st.sampled_from("Ab .?!\n今。3"), max_size=40)


@given(st.lists(texts, max_size=6))
def test_nothing_is_lost_or_doubled_however_the_text_comes(pieces: list[str]) -> None:
    script = Script()
    for piece in pieces:
        script.write(piece)
    script.end()
    assert "".join("".join(script.parts).split()) == "".join("".join(pieces).split())


@given(texts, st.integers(1, 5))
def test_where_a_text_is_cut_changes_no_sentence(text: str, size: int) -> None:
    """Except if the writer pauses right after a full stop and a space, which ends the sentence."""
    script = Script()
    for start in range(0, len(text), size):
        script.write(text[start : start + size])
    script.end()
    assert len(script.parts) >= len(sentences(text))
