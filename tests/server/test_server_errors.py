"""Every invalid message gets its error once and has no other effect."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from server.history import History
from server.messages import CLIENT_EVENTS, ErrorCode
from server.settings import Settings
from tests.support.serving import TONE, Served, Talker, serving, talking, until
from voicelab.audio.clip import Clip
from voicelab.audio.opus import encode_ogg, encode_packets
from voicelab.paths import PROJECT

OGG = encode_ogg(TONE)
BROKEN_OGG = OGG[:60] + bytes(len(OGG) - 60)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), max_message_bytes=200_000, max_turn_s=3) as running:
        yield running


async def chunk(talker: Talker, text: str, *, is_final: bool, **fields: Any) -> None:
    await talker.send("audio_chunk", audio_chunk=text, is_final=is_final, **fields)


@pytest.mark.parametrize(
    ("frame", "code", "hint"),
    [
        ("{not json", "bad_json", "not JSON"),
        ("", "bad_json", "not JSON"),
        ("[" * 100_000, "bad_json", "nested"),
        ('{"event": "text", "data": ' + '{"a": ' * 5_000 + "1" + "}" * 5_002, "bad_json", "nested"),
        ('{"event": "text", "data": {"text": NaN}}', "bad_json", "NaN"),
        ('{"event": "text", "data": {"text": "hi", "x": -Infinity}}', "bad_json", "Infinity"),
        ('{"event": "text", "event": "init", "data": {}}', "bad_json", "twice"),
        ('{"event": "text", "data": {"text": "a", "text": "b"}}', "bad_json", "twice"),
        ('{"event": "text", "data": {"text": ' + "1" * 5_000 + "}}", "bad_json", "too long"),
        ('{"event": "\\ud800", "data": {}}', "unknown_event", "ud800"),
        ('{"event": "init", "data": {"user_id": "\\ud800"}}', "bad_message", "init: user_id:"),
        ('{"event": "text", "data": {"text": "ok"}} trailing', "bad_json", "character"),
        ("[]", "bad_message", "event"),
        ('"init"', "bad_message", "event"),
        ("{}", "bad_message", "event"),
        ('{"event": 3}', "bad_message", "event"),
        ('{"event": "text", "data": []}', "bad_message", "data must be an object"),
        ('{"event": "text", "data": {}}', "bad_message", "text: text: Field required"),
        ('{"event": "text", "data": {"text": "  "}}', "bad_message", "text: text:"),
        ('{"event": "text", "data": {"text": "\\ud800"}}', "bad_message", "text: text:"),
        (json.dumps({"event": "text", "data": {"text": "x" * 2001}}), "bad_message", "2000"),
        (b"binary", "bad_message", "binary"),
        ('{"event": "stop", "data": {}}', "unknown_event", "init, audio_chunk, text, interrupt, heartbeat"),
        ('{"event": "transcription", "data": {}}', "unknown_event", "known"),
    ],
)
async def test_a_bad_message_costs_that_message(served: Served, frame: str | bytes, code: str, hint: str) -> None:
    async with talking(served) as talker:
        await talker.socket.send(frame)
        assert hint in await talker.refusal(code)
        await talker.init()
        await talker.socket.send(frame)
        assert hint in await talker.refusal(code)
        await talker.works()


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ({"user_id": 7}, "init: user_id: "),
        ({"session_id": ["x"]}, "init: session_id: "),
        ({"audio_format": "mp3"}, "'opus', 'opus_packets', 'wav', 'pcm16', 'mulaw' or 'alaw'"),
        (
            {"events": ["turn_metrics", "weather"]},
            "init: events.1: Input should be 'turn_metrics', 'partial_transcription', 'speech_started', ",
        ),
        ({"events": "turn_metrics"}, "init: events: "),
        ({"mode": "telepathy"}, "init: mode: "),
        ({"paced": "yes"}, "init: paced: "),
    ],
)
async def test_a_bad_init_can_be_sent_again(served: Served, data: dict[str, Any], hint: str) -> None:
    async with talking(served) as talker:
        await talker.send("init", **data)
        assert hint in await talker.refusal("bad_message")
        await talker.init()
        await talker.works()


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ({"is_final": True}, "audio_chunk: audio_chunk: Field required"),
        ({"audio_chunk": "", "is_final": "yes"}, "audio_chunk: is_final: "),
        ({"audio_chunk": ""}, "audio_chunk: is_final: Field required"),
        ({"audio_chunk": 5, "is_final": True}, "audio_chunk: audio_chunk: "),
        ({"audio_chunk": "", "is_final": True, "sample_rate": 44}, "audio_chunk: sample_rate: "),
        ({"audio_chunk": "", "is_final": True, "sample_rate": "16000"}, "audio_chunk: sample_rate: "),
        ({"audio_chunk": "", "is_final": True, "format": None}, "audio_chunk: format: "),
    ],
)
async def test_a_malformed_chunk_names_the_field(served: Served, data: dict[str, Any], hint: str) -> None:
    async with talking(served) as talker:
        await talker.send("audio_chunk", **data)
        await talker.expect("session_start")
        assert hint in await talker.refusal("bad_message")
        await talker.works()


async def test_fields_that_are_not_known_are_left_alone(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init(colour="blue")
        await talker.say([OGG], mood="fine")
        assert "transcription" in (await talker.answer()).names


@pytest.mark.parametrize(
    ("text", "fields", "code"),
    [
        ("not base64!", {}, "bad_base64"),
        ("AAA", {}, "bad_base64"),
        ("AAAA\n", {}, "bad_base64"),
        ("data:audio/ogg;base64,AAAA", {}, "bad_base64"),
        (base64.b64encode(BROKEN_OGG).decode(), {}, "bad_audio"),
        (base64.b64encode(b"OggS").decode(), {}, "bad_audio"),
        (base64.b64encode(b"Og").decode(), {}, "bad_audio"),
        (base64.b64encode(b"\xff" * 3000).decode(), {}, "bad_audio"),
        (base64.b64encode(b"RIFF" + b"x" * 100).decode(), {}, "bad_audio"),
        (base64.b64encode(b"abc").decode(), {"format": "pcm16"}, "bad_audio"),
        (base64.b64encode(b"abcdef").decode(), {"format": "adpcm"}, "bad_audio"),
        ("", {}, "no_audio"),
        (base64.b64encode(bytes(32_000)).decode(), {"format": "pcm16"}, "no_speech"),
        (base64.b64encode(bytes(4 * 32_000)).decode(), {"format": "pcm16"}, "turn_too_long"),
        (base64.b64encode(encode_ogg(Clip.silence(4))).decode(), {}, "turn_too_long"),
        ("A" * 199_990, {}, "message_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
async def test_a_bad_turn_costs_that_turn(served: Served, text: str, fields: dict[str, Any], code: str) -> None:
    async with talking(served) as talker:
        session = await talker.init()
        await chunk(talker, text, is_final=True, **fields)
        assert await talker.refusal(code)
        await talker.works()
        turns = served.turns(session["session_id"])
        kept = [turn["error"] for turn in turns]
        # Messages refused before a turn started are not in the history.
        assert kept == ([None] if code == "message_too_large" else [code, None])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("!", "bad_base64"),
        (base64.b64encode(b"\xff" * 3000).decode(), "bad_audio"),
        ("A" * 199_990, "message_too_large"),
    ],
    ids=["bad_base64", "bad_audio", "message_too_large"],
)
@pytest.mark.parametrize("at", [0, 2])
async def test_a_client_that_streams_ahead_gets_one_error_a_turn(served: Served, text: str, code: str, at: int) -> None:
    packets = [base64.b64encode(packet).decode() for packet in encode_packets(TONE)[:6]]
    packets[at] = text
    async with talking(served) as talker:
        await talker.init()
        for number, packet in enumerate(packets, start=1):
            await chunk(talker, packet, is_final=number == len(packets))
        assert await talker.refusal(code)
        await talker.works()


async def test_the_message_of_a_decoding_error_says_what_and_nothing_of_our_insides(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.say([BROKEN_OGG])
        message = await talker.refusal("bad_audio")
        assert message.startswith("the audio of this turn")
        assert "Traceback" not in message


async def test_bad_json_in_the_middle_of_a_turn_leaves_the_turn_whole(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        half = len(OGG) // 2
        await chunk(talker, base64.b64encode(OGG[:half]).decode(), is_final=False)
        await talker.socket.send("{")
        await talker.refusal("bad_json")
        await talker.send("text", text="hello")
        assert "spoken turn" in await talker.refusal("bad_message")
        await talker.send("init")
        await talker.refusal("already_initialized")
        await talker.say([OGG[half:]])
        assert (await talker.answer()).one("transcription")[
            "text"
        ] == "you spoke 1.02 seconds"  # with the padding of its last packet


async def test_text_goes_on_after_a_failed_turn_that_was_given_up(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await chunk(talker, "!", is_final=False)
        await talker.refusal("bad_base64")
        await talker.send("text", text="hello")
        assert (await talker.answer()).one("agent_response")["text"] == "Turn 1. hello."
        await talker.works()


async def test_already_initialized_keeps_the_session(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init(user_id="ada")
        await talker.send("init", user_id="eve")
        assert session["session_id"] in await talker.refusal("already_initialized")
        await talker.works()
        assert len(served.turns(session["session_id"])) == 1


async def test_a_frame_over_the_hard_limit_ends_the_connection(served: Served) -> None:
    async with talking(served) as talker:
        await talker.socket.send("x" * 400_001)
        with pytest.raises(ConnectionClosedError) as caught:
            await talker.receive()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009


async def test_an_agent_with_nothing_to_say_has_failed(tmp_path: Path) -> None:
    with serving(tmp_path, agent="fake:text=") as served:
        async with talking(served) as talker:
            await talker.init()
            for _ in range(2):
                await talker.send("text", text="hello")
                assert (await talker.answer()).all("error")[0]["code"] == "engine_failed"


async def test_a_fault_of_the_server_is_told_without_its_insides(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    async with talking(served) as talker:
        await talker.init()
        with monkeypatch.context() as patch:
            patch.setattr(History, "dialogue", fail)
            await talker.say([OGG])
            message = await talker.refusal("internal_error")
        assert "secret" not in message
        assert "secret" in caplog.text
        await talker.works()


async def test_a_client_that_vanishes_leaves_nothing_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving(tmp_path) as served, caplog.at_level(logging.WARNING):
        assert served.services is not None
        for frames in (0, 1, 3):
            talker = await talking(served).__aenter__()
            for _ in range(frames):
                await chunk(talker, base64.b64encode(OGG[:500]).decode(), is_final=False)
            talker.socket.transport.abort()
        gone = await talking(served).__aenter__()
        await gone.init()
        await gone.say([OGG])
        gone.socket.transport.abort()
        shared = served.services
        await asyncio.to_thread(until, lambda: shared.active_connections == 0)
        assert sum(lane.open_streams for lane in served.services.pipeline.asr._workers) == 0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("at", "is_final", "kept"),
    [("agent_response", None, "client_left"), ("audio_chunk", False, "client_left"), ("audio_chunk", True, None)],
)
async def test_a_turn_whose_client_left_is_kept_as_that_unless_it_was_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, is_final: bool | None, kept: str | None
) -> None:
    send = WebSocket.send_text

    async def lose(socket: WebSocket, frame: str) -> None:
        message = json.loads(frame)
        if message["event"] == at and message["data"].get("is_final") == is_final:
            raise WebSocketDisconnect(1006)
        await send(socket, frame)

    monkeypatch.setattr(WebSocket, "send_text", lose)
    with serving(tmp_path) as served:
        async with talking(served) as talker:
            session = await talker.init()
            await talker.send("text", text="First. Second")
            with pytest.raises(ConnectionClosed):
                await talker.answer()
        (turn,) = served.turns(session["session_id"])
    assert (turn["error"], turn["transcription"]) == (kept, "First. Second")


async def test_a_malformed_chunk_after_a_typed_turn_is_no_turn_of_its_own(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init()
        await talker.send("text", text="hello")
        await talker.answer()
        await talker.send("audio_chunk", is_final=True)
        await talker.refusal("bad_message")
        await talker.works()
        assert [turn["kind"] for turn in served.turns(session["session_id"])] == ["typed", "spoken"]


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_is_documented_in_its_own_words(code: ErrorCode) -> None:
    documentation = (PROJECT / "docs/reference/protocol.md").read_text(encoding="utf-8")
    assert f"| `{code}` | {code.meaning} | {f'`{code.setting}`' if code.setting else ''} |" in documentation
    assert not code.setting or code.setting.lower() in Settings.model_fields


@pytest.mark.parametrize("name", CLIENT_EVENTS)
def test_every_client_event_is_documented(name: str) -> None:
    assert f"`{name}`" in (PROJECT / "docs/reference/protocol.md").read_text(encoding="utf-8")
