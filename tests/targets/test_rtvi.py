"""The target rtvi: its messages as JSON and in pipecat's frames. test_pipecat_peer.py talks to a real bot."""

from __future__ import annotations

import base64
import json

import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from tests.support.caller_sound import sound_s, utterance
from tests.support.tones import tone
from voicelab.audio.pipecat_frames import decode_frame, encode_frame
from voicelab.errors import InputError, NoReplyError
from voicelab.targets.base import TargetSettings
from voicelab.targets.rtvi import RTVI, RTVIWire
from voicelab.targets.streaming import events


def message(kind, **data):
    return json.dumps({"label": "rtvi-ai", "type": kind, "id": "1", "data": data})


def read(kind, *, wire=None, **data):
    return (wire or RTVIWire(RTVI("ws://bot", "json"))).read(message(kind, **data)).events


def test_a_frame_survives_the_way_there_and_back():
    sound = tone(0.02).to_pcm16()
    kind, fields = decode_frame(encode_frame("audio", audio=sound, sample_rate=16_000, num_channels=1))
    assert (kind, fields["audio"], fields["sample_rate"], fields["num_channels"]) == ("audio", sound, 16_000, 1)
    assert decode_frame(encode_frame("interruption"))[0] == "interruption"


@pytest.mark.parametrize("data", [b"", b"\xff\xff\xff", b"\x4a\x02hi"])
def test_bytes_that_are_no_frame_are_refused(data):
    with pytest.raises(InputError, match="pipecat frame"):
        decode_frame(data)


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("bot-ready", {"version": "2.2.0"}, events.Ready()),
        ("user-started-speaking", {}, events.CallerStarted()),
        ("user-stopped-speaking", {}, events.CallerStopped()),
        ("user-transcription", {"text": "hi", "final": False}, events.CallerText("hi", final=False)),
        ("bot-llm-text", {"text": "Hel"}, events.AgentText("Hel", delta=True)),
        ("bot-stopped-speaking", {}, events.ReplyEnd()),
        ("bot-interrupted", {}, events.ReplyInterrupted()),
        (
            "llm-function-call-in-progress",
            {"function_name": "quote", "tool_call_id": "c1", "arguments": {"ticker": "NVDA"}},
            events.AgentToolCall("quote", {"ticker": "NVDA"}, "c1"),
        ),
        ("error", {"error": "no model", "fatal": True}, events.Fault("target_error", "no model", fatal=True)),
    ],
)
def test_each_message_has_its_meaning_in_json_and_in_frames(kind, data, expected):
    assert read(kind, **data) == (expected,)
    framed = encode_frame("message", data=message(kind, **data))
    assert RTVIWire(RTVI("ws://bot")).read(framed).events == (expected,)


def test_a_text_that_comes_in_several_kinds_of_messages_counts_once():
    wire = RTVIWire(RTVI("ws://bot", "json"))
    assert read("user-transcription", wire=wire, text="hi", final=True)
    assert not read("user-input", wire=wire, text="hi", input_type="transcription")
    assert read("bot-llm-text", wire=wire, text="Hello.")
    assert not read("bot-tts-text", wire=wire, text="Hello.")
    wire.begin_turn()
    assert read("bot-tts-text", wire=wire, text="Bye.")


def test_messages_of_others_mean_nothing():
    wire = RTVIWire(RTVI("ws://bot", "json"))
    assert wire.read('{"label": "other", "type": "bot-ready"}').events == ()
    assert read("metrics", processing=[]) == ()


async def converse(tmp_path, *, ready=True, **options):
    """Run a turn with a JSON bot; return the messages that it received."""
    got = []

    async def bot(connection):
        try:
            async for text in connection:
                one = json.loads(text)
                got.append(one)
                if one["type"] == "client-ready" and ready:
                    await connection.send(message("bot-ready", version="2.2.0"))
                if len(got) == 40:
                    sound = base64.b64encode(tone(0.3, 24_000).to_pcm16()).decode()
                    await connection.send(message("user-transcription", text="hello", final=True))
                    await connection.send(message("bot-llm-text", text="Good morning."))
                    await connection.send(message("bot-tts-audio", audio=sound, sample_rate=24_000, num_channels=1))
                    await connection.send(message("bot-stopped-speaking"))
        except ConnectionClosed:
            pass

    async with serve(bot, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        target = RTVI(url=url, format="json", **options)
        await target.open(TargetSettings(folder=tmp_path, timeout_s=20.0))
        async with target.session("ada") as session:
            return await session.speak(utterance(), "realtime"), got


async def test_a_turn_in_json(tmp_path):
    outcome, got = await converse(tmp_path)
    assert (outcome.heard, outcome.answer, outcome.error) == ("hello", "Good morning.", None)
    assert sound_s(outcome.received) == pytest.approx(0.3)
    assert got[0]["data"]["about"] == {"library": "voicelab"}
    assert len(base64.b64decode(got[1]["data"]["base64Audio"])) == 640
    assert (got[1]["type"], got[1]["data"]["sampleRate"]) == ("raw-audio", 16_000)


async def test_a_bot_that_never_gets_ready_ends_in_time(tmp_path):
    with pytest.raises(NoReplyError, match=r"not ready after 0\.3 s; no message arrived"):
        await converse(tmp_path, ready=False, ready_s=0.3)


def test_an_option_that_cannot_be_names_the_way_out():
    with pytest.raises(InputError, match="format is 'xml'; it may be protobuf, json"):
        RTVI(url="ws://127.0.0.1:9", format="xml")
    with pytest.raises(InputError, match="option rate_hz: rate_hz 1 is outside 8000 to 96000"):
        RTVI(url="ws://127.0.0.1:9", rate_hz=1)
