"""The shipped map of voicelab's protocol gives the same results as the built-in client."""

from __future__ import annotations

import pytest

from tests.support.caller_sound import sound_s, utterance
from tests.support.serving import FAKES, serving
from voicelab.audio import decoding
from voicelab.targets.base import TargetSettings, TurnOutcome
from voicelab.targets.catalog import target_config


async def two_turns(spec, tmp_path, mode) -> list[TurnOutcome]:
    target = target_config(spec).build()
    await target.open(TargetSettings(folder=tmp_path, timeout_s=20.0))
    try:
        async with target.session("ada") as session:
            return [await session.speak(utterance(1.0), mode) for _ in range(2)]
    finally:
        await target.close()


@pytest.mark.parametrize("mode", ["burst", "realtime"])
async def test_a_map_of_our_own_protocol_gives_the_same_turns(mode, tmp_path):
    with serving(tmp_path, **FAKES) as server:
        ours = await two_turns(server.http, tmp_path, mode)
        mapped = await two_turns(f"map:voicelab,url={server.socket}", tmp_path, mode)
    for one, other in zip(ours, mapped, strict=True):
        assert (one.heard, one.answer, one.error) == (other.heard, other.answer, other.error)
        reply = decoding.decode(one.reply_audio)
        assert sound_s(other.received) == pytest.approx(reply.duration_s, abs=0.1)
