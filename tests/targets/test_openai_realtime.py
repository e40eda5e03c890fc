"""The target openai-realtime: against an agent whose events openai's own models check."""

from __future__ import annotations

import asyncio
import json
from time import perf_counter

import pytest

pytest.importorskip("openai", reason="openai's models check the events: pip install openai")

from tests.support.caller_sound import response_s, sound_s, utterance
from tests.support.realtime_agent import SILENCE_S, RealtimeAgent
from voicelab.audio.playback import as_heard
from voicelab.errors import ConnectionLostError, InputError, NoReplyError, VoicelabError
from voicelab.targets.base import Interruption, TargetSettings, TurnOutcome
from voicelab.targets.catalog import target_config
from voicelab.targets.faults import owner_of
from voicelab.targets.openai_realtime import OpenAIRealtime
from voicelab.targets.streaming import turn


async def one_turn(agent, *, mode="realtime", interruption=None, timeout_s=20.0, said=None, tmp_path=None, **options):
    target = OpenAIRealtime(url=agent.url, **options)
    await target.open(TargetSettings(folder=tmp_path, timeout_s=timeout_s))
    async with target.session("ada") as session:
        return await session.speak(said or utterance(trailing_s=0.2), mode, interruption)


async def test_a_turn_gives_both_transcripts_the_sound_and_the_time(tmp_path):
    async with RealtimeAgent(delay_s=0.25).running() as agent:
        outcome = await one_turn(agent)
    assert (outcome.heard, outcome.answer, outcome.error) == ("hello there", "Good morning.", None)
    assert sound_s(outcome.received) == pytest.approx(0.6)
    # Silence is sent until the reply, which is later on a busy machine.
    assert 0.79 < sound_s(outcome.sent) < 1.6
    assert response_s(outcome) == pytest.approx(SILENCE_S + 0.25, abs=0.1)
    assert outcome.transcript_s < outcome.first_audio_s < outcome.reply_text_s < outcome.turn_s


@pytest.mark.parametrize("trailing_s", [0.0, 1.0])
async def test_silence_at_the_end_of_a_recording_does_not_change_the_response_time(trailing_s):
    async with RealtimeAgent(delay_s=0.1).running() as agent:
        outcome = await one_turn(agent, said=utterance(trailing_s=trailing_s))
    assert response_s(outcome) == pytest.approx(SILENCE_S + 0.1, abs=0.1)


async def test_the_beta_names_are_read_too_and_the_beta_session_is_sent():
    async with RealtimeAgent(beta=True).running() as agent:
        outcome = await one_turn(agent, version="beta", voice="alloy", instructions="Be brief.")
    assert (outcome.heard, outcome.answer) == ("hello there", "Good morning.")
    assert sound_s(outcome.received) == pytest.approx(0.6)
    (update,) = agent.sent_by_caller("session.update")
    assert update["session"]["input_audio_format"] == "pcm16"
    assert update["session"]["voice"] == "alloy"


async def test_without_turn_detection_the_caller_commits_and_may_send_at_once():
    async with RealtimeAgent(delay_s=0.0).running() as agent:
        began = perf_counter()
        outcome = await one_turn(agent, mode="burst", turn_detection="none", said=utterance(duration_s=20.0))
    assert outcome.answer == "Good morning."
    assert perf_counter() - began < 15.0, "less than the speech lasts"
    assert [event["type"] for event in agent.received[-2:]] == ["input_audio_buffer.commit", "response.create"]


async def test_burst_is_refused_where_the_target_finds_the_end_of_the_turn():
    async with RealtimeAgent().running() as agent:
        with pytest.raises(InputError, match="mode realtime"):
            await one_turn(agent, mode="burst")


async def test_a_tool_call_is_noted_and_answered(tmp_path):
    tools = tmp_path / "tools.json"
    tools.write_text(json.dumps([{"type": "function", "name": "quote", "parameters": {"type": "object"}}]))
    async with RealtimeAgent("tool").running() as agent:
        outcome = await one_turn(agent, tools=str(tools), tool_output='{"price": 1}')
    (call,) = outcome.tool_calls
    assert (call.name, call.arguments) == ("quote", {"ticker": "NVDA"})
    (item,) = agent.sent_by_caller("conversation.item.create")
    assert item["item"] == {"type": "function_call_output", "call_id": "call_1", "output": '{"price": 1}'}
    assert outcome.answer == "Good morning."


async def test_an_interruption_stops_the_reply_and_tells_how_much_was_heard():
    async with RealtimeAgent(reply_s=1.5, delay_s=0.0).running() as agent:
        outcome = await one_turn(agent, interruption=Interruption(utterance(), after_s=0.5), timeout_s=5.0)
    (truncated, *_) = agent.sent_by_caller("conversation.item.truncate")
    assert truncated["audio_end_ms"] == pytest.approx(500, abs=200)
    first_reply_s = sound_s(as_heard(outcome.received, outcome.flushed)) - 1.5
    assert first_reply_s == pytest.approx(0.5, abs=0.2)
    assert sound_s(outcome.sent) == pytest.approx(0.8 + 0.6)


async def test_without_turn_detection_an_interruption_cancels_the_response():
    async with RealtimeAgent(reply_s=1.0, delay_s=0.0).running() as agent:
        await one_turn(agent, turn_detection="none", interruption=Interruption(utterance(), after_s=0.05))
    assert agent.sent_by_caller("response.cancel")


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
async def test_g711_is_asked_for_in_both_directions(encoding):
    async with RealtimeAgent("hang").running() as agent:
        with pytest.raises(NoReplyError):
            await one_turn(agent, encoding=encoding, timeout_s=0.3)
    (update,) = agent.sent_by_caller("session.update")
    kind = {"mulaw": "audio/pcmu", "alaw": "audio/pcma"}[encoding]
    sides = update["session"]["audio"]
    assert sides["input"]["format"]["type"] == sides["output"]["format"]["type"] == kind


@pytest.mark.parametrize(
    ("behaviour", "code", "owner"),
    [
        ("error", "overloaded", "agent"),
        ("failed", "boom", "agent"),
        ("empty", "empty_reply", "agent"),
        ("flood", "flood", "agent"),
        ("babble", "reply_too_long", "agent"),
    ],
)
async def test_an_agent_that_fails_ends_the_turn_with_its_fault(behaviour, code, owner, monkeypatch):
    monkeypatch.setattr(turn, "MOST_MESSAGES", 500)
    async with RealtimeAgent(behaviour).running() as agent:
        outcome = await one_turn(agent, timeout_s=20.0)
    assert outcome.error is not None
    assert outcome.error[0] == code
    assert owner_of(outcome.error[0]) == owner


@pytest.mark.parametrize("behaviour", ["garbage", "foreign"])
async def test_messages_that_mean_nothing_cost_nothing(behaviour):
    async with RealtimeAgent(behaviour).running() as agent:
        outcome = await one_turn(agent)
    assert (outcome.answer, outcome.error) == ("Good morning.", None)
    unread = [event for event in outcome.events if event.name == "unreadable message"]
    assert len(unread) == (5 if behaviour == "garbage" else 0)


@pytest.mark.parametrize(
    ("behaviour", "error", "says"),
    [
        ("refuse", InputError, "HTTP 401: no such key; check its key"),
        ("busy", ConnectionLostError, "HTTP 503"),
        ("hang_before_session", NoReplyError, "not ready after 0.3 s; no message arrived"),
        ("hang_before_ready", NoReplyError, "not ready after 0.3 s; the last messages: session.created"),
        ("hang", NoReplyError, "did not reply within 0.6 s; the last messages: .*transcription.completed"),
        ("close_in_speech", ConnectionLostError, "closed the connection"),
        ("close_in_reply", ConnectionLostError, "out of order"),
    ],
)
async def test_an_agent_that_is_gone_ends_the_conversation_in_time(behaviour, error, says):
    async with RealtimeAgent(behaviour).running() as agent:
        began = perf_counter()
        with pytest.raises(error, match=says):
            await one_turn(agent, ready_s=0.3, timeout_s=0.6)
    assert perf_counter() - began < 10.0, "the limits, and what a busy machine takes"


async def test_a_bad_agent_does_not_hold_up_the_others(monkeypatch):
    monkeypatch.setattr(turn, "MOST_MESSAGES", 2_000)

    async def attempt(agent: RealtimeAgent) -> TurnOutcome | VoicelabError:
        try:
            return await one_turn(agent, timeout_s=20.0)
        except VoicelabError as error:
            return error

    async with RealtimeAgent("flood").running() as bad, RealtimeAgent(delay_s=0.1).running() as good:
        _, outcome = await asyncio.gather(attempt(bad), attempt(good))
    assert isinstance(outcome, TurnOutcome)
    assert outcome.answer == "Good morning."


async def test_the_key_comes_from_the_environment_and_stands_nowhere(monkeypatch):
    monkeypatch.setenv("MY_KEY", "s3cret")
    async with RealtimeAgent("refuse").running() as agent:
        with pytest.raises(InputError) as caught:
            await one_turn(agent, key_env="MY_KEY")
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in target_config(f"openai-realtime:url={agent.url},key_env=MY_KEY").spec


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("version=gamma", "version is 'gamma'; it may be ga, beta"),
        ("encoding=mp3", "encoding is 'mp3'; it may be pcm16, mulaw, alaw"),
        ("turn_detection=magic", "server_vad, semantic_vad, none"),
        ("ready_s=-1", "ready_s must be from 0 to 600 seconds"),
        ("tools=/nowhere.json", "/nowhere.json: cannot be read"),
    ],
)
def test_an_option_that_cannot_be_names_the_way_out(options, says):
    with pytest.raises(InputError, match=says):
        target_config(f"openai-realtime:{options}").build()
