"""The recording of a conversation, and the turns that have no response time (times: test_known_answers.py)."""

from asyncio import to_thread
from dataclasses import dataclass

import numpy as np
import pytest

from tests.support.scripted_agent import Script, ScriptedAgent
from tests.support.sharp_speech import recording, sharp_speech
from voicelab.audio.decoding import decode_stereo
from voicelab.errors import ConnectionLostError, NoReplyError
from voicelab.metrics.response_timing import ResponseTiming
from voicelab.runs.conversation_recording import IN_A_BURST, RATE_HZ, ConversationRecording
from voicelab.targets.base import TargetSettings, TurnOutcome, Utterance
from voicelab.targets.voicelab_server import VoicelabServer

WITHIN_S = 0.020


@dataclass
class Heard:
    """What was measured."""

    timing: ResponseTiming
    conversation: ConversationRecording
    take: TurnOutcome

    def __iter__(self):
        return iter((self.timing, self.conversation, self.take))


async def heard(script, tmp_path, audio, mode="realtime", timeout_s=20.0):
    """One turn with a scripted agent: its timing, its recording, its outcome."""
    agent = ScriptedAgent(script)
    async with agent.serving() as port:
        target = VoicelabServer(url=f"http://127.0.0.1:{port}")
        await target.open(TargetSettings(tmp_path, timeout_s=timeout_s))
        async with target.session("caller") as session:
            take = await session.speak(Utterance(audio), mode)
    conversation = ConversationRecording(mode)
    return Heard(await to_thread(conversation.add, take), conversation, take)


async def test_a_reply_that_arrives_late_in_part_is_heard_with_its_gap(tmp_path):
    reply = sharp_speech(3)
    script = Script(reply, delay_s=0.4, stutter_s=0.6)
    _, conversation, take = await heard(script, tmp_path, recording(sharp_speech()))
    _, right, rate_hz = decode_stereo(conversation.flac())
    sounding = np.flatnonzero(np.abs(right) > 0.02)
    assert (sounding[-1] - sounding[0]) / rate_hz == pytest.approx(reply.duration_s + 0.6, abs=0.06)
    assert len(take.received) >= 2


async def test_the_recording_has_the_caller_left_and_the_agent_right(tmp_path):
    speech, reply = sharp_speech(), sharp_speech(3)
    script = Script(reply, delay_s=0.5)
    timing, conversation, _ = await heard(script, tmp_path, recording(speech, trailing_s=1.0))
    left, right, rate_hz = decode_stereo(conversation.flac())
    assert rate_hz == RATE_HZ
    for channel, start_s, length_s in ((left, 0.2, speech.duration_s), (right, timing.reply_start_s, reply.duration_s)):
        sounding = np.flatnonzero(np.abs(channel) > 0.02) / rate_hz
        assert sounding[0] == pytest.approx(start_s, abs=WITHIN_S)
        assert sounding[-1] - sounding[0] == pytest.approx(length_s, abs=0.03)
    # On a busy machine the last frame is sent late, so the caller's speech ends later.
    assert timing.speech_end_s == pytest.approx(0.2 + speech.duration_s, abs=0.1)


async def test_a_burst_has_a_recording_and_no_response_time(tmp_path):
    script = Script(sharp_speech(3))
    timing, conversation, take = await heard(script, tmp_path, recording(sharp_speech()), mode="burst")
    assert (timing.response_s, timing.reason) == (None, IN_A_BURST)
    assert not conversation.is_empty
    assert take.turn_s < 1.0


async def test_a_reply_of_noise_has_no_response_time_and_says_why(tmp_path):
    noise = type(sharp_speech())((0.3 * np.random.default_rng(1).standard_normal(16_000)).astype(np.float32), 16_000)
    timing, _, _ = await heard(Script(noise, delay_s=0.1), tmp_path, recording(sharp_speech()))
    assert timing.response_s is None
    assert timing.reason == "agent: only one of the two detectors found speech"


@pytest.mark.parametrize(
    ("script", "error"),
    [({"drops_after_s": 0.3}, ConnectionLostError), ({"never_ends": True}, NoReplyError)],
    ids=["drops", "never ends"],
)
async def test_a_reply_without_an_end_is_a_lost_turn_in_time(tmp_path, script, error):
    with pytest.raises(error):
        await heard(
            Script(sharp_speech(3), **script),
            tmp_path,
            recording(sharp_speech()),
            mode="burst",
            timeout_s=0.5,
        )
