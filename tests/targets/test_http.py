"""The target http: one upload, one answer."""

from __future__ import annotations

import base64
import time

import pytest

from tests.support.caller_sound import sound_s, utterance
from tests.support.http_agent import HTTPStub
from tests.support.tones import tone
from voicelab.audio import decoding
from voicelab.audio.codecs import encode, encode_wav
from voicelab.errors import ConnectionLostError, InputError, NoReplyError
from voicelab.targets.base import TargetSettings
from voicelab.targets.catalog import target_config
from voicelab.targets.http import HTTPAgent

JSON = {"transcript": "heard.text", "reply": "reply", "audio": "audio"}


async def one_turn(answer, tmp_path, *, mode="burst", timeout_s=20.0, **options):
    with HTTPStub(answer) as stub:
        target = HTTPAgent(url=f"{stub.url}/turn", **options)
        await target.open(TargetSettings(folder=tmp_path, timeout_s=timeout_s))
        async with target.session("ada") as session:
            return await session.speak(utterance(0.5), mode), stub.requests


async def test_an_answer_in_json_holds_transcript_reply_and_sound(tmp_path):
    sound = base64.b64encode(encode_wav(tone(0.3))).decode()
    answer = {"heard": {"text": "hello"}, "reply": "Good morning.", "audio": sound}
    outcome, (request,) = await one_turn(lambda request: answer, tmp_path, **JSON)
    assert (outcome.heard, outcome.answer, outcome.error) == ("hello", "Good morning.", None)
    assert sound_s(outcome.received) == pytest.approx(0.3)
    assert outcome.first_audio_s == outcome.turn_s == pytest.approx(outcome.transcript_s)
    assert request.headers["X-Session-Id"] == "ada"
    assert b'name="file"; filename="turn.wav"' in request.body


async def test_an_answer_that_is_sound_is_the_reply(tmp_path):
    sound = encode(tone(0.5), "opus")
    outcome, (request,) = await one_turn(lambda request: (200, "audio/ogg", sound), tmp_path, field="")
    assert outcome.error is None
    assert sound_s(outcome.received) == pytest.approx(0.5, abs=0.01)
    assert outcome.reply_audio == sound
    assert request.headers["Content-Type"] == "audio/wav"
    assert decoding.decode(request.body).duration_s == pytest.approx(0.5)


async def test_in_realtime_the_upload_waits_until_the_caller_has_finished(tmp_path):
    began = time.perf_counter()
    outcome, _ = await one_turn(lambda request: {"reply": "yes"}, tmp_path, mode="realtime", reply="reply")
    assert outcome.t_end - began >= 0.5


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((500, "text/plain", b"broken"), "http_500"),
        ((401, "application/json", b"{}"), "http_401"),
        ((200, "text/html", b"<p>"), "bad_reply"),
        ((200, "audio/wav", b"no sound"), "bad_reply"),
        ({"audio": "!!"}, "bad_reply"),
        ({"other": 1}, "empty_reply"),
    ],
)
async def test_an_answer_that_cannot_be_used_fails_the_turn(answer, code, tmp_path):
    outcome, _ = await one_turn(lambda request: answer, tmp_path, **JSON)
    assert outcome.error[0] == code


async def test_a_server_that_hangs_up_is_a_lost_connection(tmp_path):
    with pytest.raises(ConnectionLostError):
        await one_turn(lambda request: None, tmp_path)


async def test_a_server_that_hangs_ends_in_time(tmp_path):
    with pytest.raises(NoReplyError, match=r"no answer within 0\.2 s"):
        await one_turn(lambda request: time.sleep(0.5), tmp_path, timeout_s=0.2)


async def test_the_key_comes_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("AGENT_KEY", "k")
    _, (request,) = await one_turn(lambda request: {"reply": "x"}, tmp_path, reply="reply", key_env="AGENT_KEY")
    assert request.headers["Authorization"] == "Bearer k"


def test_the_target_has_its_own_name_and_an_address_keeps_meaning_a_server():
    assert isinstance(target_config("http:url=http://127.0.0.1:9/x").build(), HTTPAgent)
    assert target_config("http://127.0.0.1:9").name == "voicelab"
    with pytest.raises(InputError, match="HOST:PORT/PATH"):
        target_config("http:url=ftp://x").build()
