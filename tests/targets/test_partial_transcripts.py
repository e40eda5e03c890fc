"""Partial transcripts are recorded with their times and the estimated ends of names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.caller_sound import utterance
from tests.support.realtime_agent import RealtimeAgent
from tests.support.serving import serving
from voicelab.datasets import load
from voicelab.paths import shipped
from voicelab.runs.turn_results import streaming_fields
from voicelab.targets.base import TargetSettings
from voicelab.targets.catalog import target_config


async def one_turn(spec, tmp_path, said):
    target = target_config(spec).build()
    await target.open(TargetSettings(folder=tmp_path, timeout_s=10.0))
    async with target.session("ada") as session:
        return await session.speak(said, "realtime")


async def test_a_stream_target_keeps_every_text_with_its_time(tmp_path):
    async with RealtimeAgent(heard="hello there").running() as agent:
        outcome = await one_turn(f"openai-realtime:url={agent.url},key_env=VOICELAB_NO_KEY", tmp_path, utterance())
    assert [one.text for one in outcome.partials] == ["hel", "hello there"]
    assert outcome.partials[0].at_s <= outcome.partials[1].at_s


async def test_a_server_sends_partial_transcripts_only_if_it_is_asked(tmp_path):
    with serving(tmp_path) as server:
        said = utterance(1.5)
        without = await one_turn(server.http, tmp_path, said)
        outcome = await one_turn(f"voicelab:url={server.http},partials=yes", tmp_path, said)
    assert len(without.partials) == 1
    assert len(outcome.partials) >= 2
    assert outcome.partials[-1].text == outcome.heard
    assert outcome.partials[0].at_s < outcome.t_end
    sample = replace(
        load(shipped("voice_samples")).samples[0], text="tell me about Apple", expected_entities=("Apple",)
    )
    fields = streaming_fields(outcome, sample)
    assert [end.at_s for end in fields["entity_ends"]] == pytest.approx([0.0], abs=0.1)
    assert fields["partials"][0].at_s < 0
