"""The probe reports an agent's signals, and the failing step of a broken one, within its time limit."""

import json
from asyncio import gather
from contextlib import asynccontextmanager
from time import perf_counter
from urllib.parse import urlsplit

from tests.support.broken_agents import BROKEN
from tests.support.command_line import voicelab
from tests.support.realtime_agent import RealtimeAgent
from tests.support.sharp_speech import recording, sharp_speech
from voicelab.targets.base import TargetSettings, Utterance
from voicelab.targets.catalog import target_config
from voicelab.targets.echo_agent import EchoAgent, EchoSettings
from voicelab.targets.probe import probe
from voicelab.targets.streaming import turn

LIMIT_S = 6.0


async def probed(serving, spec, tmp_path):
    async with serving() as port:
        target = target_config(spec.format(port=port)).build()
        utterance = Utterance(recording(sharp_speech(longest_s=0.8)))
        settings = TargetSettings(tmp_path, timeout_s=LIMIT_S - 3.0)
        return await probe("it", target, settings, utterance, limit_s=LIMIT_S)


async def test_an_agent_that_answers_is_usable_and_shows_what_it_lacks(tmp_path):
    result = await probed(EchoAgent(EchoSettings(delay_s=0.2)).serving, "http://127.0.0.1:{port}", tmp_path)
    assert result.usable
    states = {step.name: step.state for step in result.steps}
    assert states["reply audio received"] == "ok"
    assert states["caller transcript received"] == "missing"
    assert any("word error rate" in sentence and "sends no transcript" in sentence for sentence in result.missing)
    assert result.took_s < LIMIT_S
    assert result.fault is None


async def test_an_agent_with_long_replies_is_usable_and_told_how_to_probe_it_longer(tmp_path):
    @asynccontextmanager
    async def serving():
        async with RealtimeAgent(reply_s=30.0).running() as agent:
            yield urlsplit(agent.url).port

    spec = "openai-realtime:url=ws://127.0.0.1:{port}/v1/realtime,key_env=VOICELAB_NO_KEY"
    result = await probed(serving, spec, tmp_path)
    found = {step.name: (step.state, step.detail) for step in result.steps}
    assert (result.usable, result.fault, len(result.steps)) == (True, None, 7)
    assert found["reply audio received"][0] == "ok"
    assert found["interruption honoured"][0] == "skipped"
    assert "the reply was not over within the time of the probe; raise --limit-s" in found["interruption honoured"][1]


async def test_each_broken_agent_fails_at_its_step_with_its_owner_and_one_sentence_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(turn, "MOST_MESSAGES", 500)
    started_s = perf_counter()
    results = await gather(*(probed(one.serving, one.spec, tmp_path) for one in BROKEN.values()))
    assert perf_counter() - started_s < 2 * LIMIT_S
    for (name, broken), result in zip(BROKEN.items(), results, strict=True):
        failed = [one for one in result.steps if one.state == "failed"]
        assert [one.name for one in failed] == [broken.step], (name, result.steps)
        assert (result.fault, result.usable) == (broken.fault, False), name
        assert broken.says in failed[0].detail, name
        assert "\n" not in failed[0].detail, name
        assert len(result.steps) == 7, name
    by_name = dict(zip(BROKEN, results, strict=True))
    assert "< transcription 'hello'" in by_name["closes in the middle"].messages
    assert by_name["never answers"].messages[-1] == "> audio_chunk"


def test_the_command_prints_json_and_exits_1_for_an_agent_that_cannot_be_used():
    done = voicelab("probe", "http://127.0.0.1:9", "--json", "--limit-s", "5")
    assert done.exit_code == 1
    content = json.loads(done.stdout)
    assert (content["usable"], content["fault"], content["steps"][0]["state"]) == (False, "harness", "failed")
    assert "no voicelab server answers there" in content["steps"][0]["detail"]


def test_the_list_names_every_target_and_what_it_shows():
    done = voicelab("targets")
    assert done.exit_code == 0
    for word in ("in-process", "voicelab", "server", "transcript"):
        assert word in done.stdout
