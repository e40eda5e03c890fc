"""The target twilio in five dialects."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from tests.support.caller_sound import sound_s, utterance
from tests.support.tones import tone
from voicelab.audio import g711
from voicelab.audio.clip import Clip
from voicelab.audio.playback import as_heard
from voicelab.errors import InputError, NoReplyError
from voicelab.targets.base import TargetSettings
from voicelab.targets.catalog import target_config
from voicelab.targets.phone_dialects import PhoneCall, phone_dialects
from voicelab.targets.streaming import events
from voicelab.targets.twilio import PhoneWire, Twilio

DIALECTS = phone_dialects()
CALL = PhoneCall("MZ1", "CA1", "AC1", DIALECTS["twilio"].sound.form, {"topic": "stocks"})


def reply_messages(dialect, clip):
    """An agent's audio message in this dialect."""
    if dialect == "vonage":
        return [clip.at_rate(16_000).to_pcm16()]
    payload = clip.to_pcm16() if dialect == "exotel" else g711.encode(clip, "mulaw")
    text = base64.b64encode(payload).decode()
    kind = "playAudio" if dialect == "plivo" else "media"
    return [json.dumps({"event": kind, "media": {"payload": text}})]


@asynccontextmanager
async def phone_agent(dialect, *, script):
    """An agent that sends what `script` gives for the 40th message with sound, and keeps all others."""
    kept, sounds = [], []

    async def talk(connection):
        try:
            async for message in connection:
                is_sound = isinstance(message, bytes) or json.loads(message).get("event") == "media"
                if not is_sound:
                    kept.append(json.loads(message))
                    continue
                sounds.append(message)
                if len(sounds) == 40:
                    for one in script:
                        await connection.send(one)
        except ConnectionClosed:
            pass

    async with serve(talk, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", kept, sounds


async def call(url, tmp_path, *, timeout_s=20.0, **options):
    target = Twilio(url=url, quiet_s=0.3, **options)
    await target.open(TargetSettings(folder=tmp_path, timeout_s=timeout_s))
    async with target.session("ada") as session:
        return await session.speak(utterance(), "realtime")


async def test_an_agent_is_called_and_heard_in_every_dialect(tmp_path):
    """All at once, because a call takes its time."""
    await asyncio.gather(*(called_and_heard(dialect, tmp_path) for dialect in DIALECTS))


async def called_and_heard(dialect, tmp_path):
    reply = tone(0.5, 8_000)
    async with phone_agent(dialect, script=reply_messages(dialect, reply)) as (url, kept, _sounds):
        outcome = await call(url, tmp_path, dialect=dialect, parameters="topic=stocks", digits="1#")
    assert outcome.error is None, dialect
    assert sound_s(outcome.received) == pytest.approx(0.5, abs=0.01), dialect
    assert (outcome.heard, outcome.answer) == (None, None), dialect
    kinds = [message["event"] for message in kept]
    opening = [one["event"] for one in DIALECTS[dialect].opening]
    assert kinds[: len(opening)] == opening, dialect
    assert "stocks" in json.dumps(kept[:2]), dialect
    assert sum("dtmf" in kind for kind in kinds) == 2, dialect
    assert ("stop" in kinds) == (DIALECTS[dialect].stop is not None), dialect


async def test_sound_runs_every_20_ms_with_rising_numbers_and_times(tmp_path):
    async with phone_agent("twilio", script=reply_messages("twilio", tone(0.2, 8_000))) as (url, _, sounds):
        await call(url, tmp_path)
    messages = [json.loads(one) for one in sounds]
    numbers = [int(one["sequenceNumber"]) for one in messages]
    assert numbers == list(range(2, 2 + len(messages)))
    assert [int(one["media"]["timestamp"]) for one in messages] == [20 * n for n in range(len(messages))]
    assert {len(base64.b64decode(one["media"]["payload"])) for one in messages} == {160}
    assert {one["streamSid"] for one in messages} == {messages[0]["streamSid"]}


async def test_a_mark_comes_back_when_the_sound_before_it_has_been_played(tmp_path):
    mark = json.dumps({"event": "mark", "streamSid": "x", "mark": {"name": "end of greeting"}})
    script = [*reply_messages("twilio", tone(0.4, 8_000)), mark]
    async with phone_agent("twilio", script=script) as (url, kept, _sounds):
        await call(url, tmp_path)
    (back,) = [one for one in kept if one["event"] == "mark"]
    assert back["mark"] == {"name": "end of greeting"}
    played_messages = int(back["sequenceNumber"]) - 2 - 40
    assert played_messages * 0.02 == pytest.approx(0.4, abs=0.15)


async def test_cleared_sound_is_not_heard_and_its_marks_come_back_at_once(tmp_path):
    mark = json.dumps({"event": "mark", "mark": {"name": "m"}})
    script = [*reply_messages("twilio", tone(5.0, 8_000)), mark, json.dumps({"event": "clear"})]
    async with phone_agent("twilio", script=script) as (url, kept, _):
        outcome = await call(url, tmp_path)
    assert sound_s(as_heard(outcome.received, outcome.flushed)) < 0.3
    assert [one["mark"]["name"] for one in kept if one["event"] == "mark"] == ["m"]


async def test_an_agent_that_hangs_up_by_message_is_at_fault(tmp_path):
    async with phone_agent("twilio", script=[json.dumps({"event": "stop"})]) as (url, _, _sounds):
        outcome = await call(url, tmp_path)
    assert outcome.error[0] == "hung_up"


async def test_silence_is_no_reply(tmp_path):
    script = reply_messages("twilio", Clip.silence(0.2, 8_000))
    async with phone_agent("twilio", script=script) as (url, _, _sounds):
        outcome = await call(url, tmp_path)
    assert outcome.first_audio_s is None


async def test_an_agent_without_an_answer_ends_in_time(tmp_path):
    async with phone_agent("twilio", script=[]) as (url, _, _sounds):
        with pytest.raises(NoReplyError, match=r"did not reply within 0\.5 s; no message arrived"):
            await call(url, tmp_path, timeout_s=0.5)


def test_binary_sound_in_a_json_dialect_is_refused():
    with pytest.raises(InputError, match="base64 in JSON"):
        PhoneWire(DIALECTS["twilio"], CALL).read(b"\xff" * 160)


def test_vonage_sends_and_takes_binary_sound():
    wire = PhoneWire(DIALECTS["vonage"], PhoneCall("s", "c", "a", DIALECTS["vonage"].sound.form, {}))
    assert wire.sound(tone(0.02, 16_000)) == (tone(0.02, 16_000).to_pcm16(),)
    (event,) = wire.read(tone(0.02, 16_000).to_pcm16()).events
    assert isinstance(event, events.ReplySound)
    assert wire.read('{"action": "clear"}').events == (events.ReplyInterrupted(),)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("dialect=att", "dialect is 'att'; it may be twilio, plivo, telnyx, vonage, exotel"),
        ("digits=12a", "digits is '12a'"),
        ("encoding=alaw", "twilio supports mulaw"),
        ("rate_hz=16000", "rate_hz is 16000; twilio supports 8000"),
        ("parameters=a;b=c", "'a' is not NAME=VALUE"),
    ],
)
def test_an_option_that_cannot_be_names_the_way_out(options, says):
    with pytest.raises(InputError, match=says):
        target_config(f"twilio:url=ws://127.0.0.1:9,{options}").build()
