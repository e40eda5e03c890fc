"""The target wyoming, with the protocol's own library as the server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("wyoming", reason="pip install 'voicelab[peers]'")

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.handle import Handled
from wyoming.pipeline import RunPipeline
from wyoming.server import AsyncEventHandler, AsyncTcpServer

from tests.support.caller_sound import sound_s, utterance
from tests.support.tones import tone
from voicelab.errors import ConnectionLostError, InputError, NoReplyError
from voicelab.targets.base import TargetSettings
from voicelab.targets.wyoming import Wyoming, decode_event, encode_event

REPLY = tone(0.5, 22_050)


class Pipeline(AsyncEventHandler):
    """A speech-to-speech pipeline. failure: the fault at the end of the caller's audio."""

    def __init__(self, *streams, seen, failure=None):
        super().__init__(*streams)
        self._seen, self._failure, self._heard_s = seen, failure, 0.0

    async def handle_event(self, event: Event) -> bool:
        self._seen.append(event)
        if AudioChunk.is_type(event.type):
            self._heard_s += AudioChunk.from_event(event).seconds
        if not AudioStop.is_type(event.type):
            return True
        if self._failure == "close":
            return False
        if self._failure == "hang":
            return True
        if self._failure == "error":
            await self.write_event(Error("no model", "no-model").event())
            return True
        if self._failure == "garbage":
            self.writer.write(b"what is this\n[]\n")
        await self.write_event(Transcript(f"{self._heard_s:.2f} seconds").event())
        await self.write_event(Handled("You spoke.").event())
        form = {"rate": 22_050, "width": 2, "channels": 1}
        await self.write_event(AudioStart(**form).event())
        await self.write_event(AudioChunk(audio=REPLY.to_pcm16(), **form).event())
        await self.write_event(AudioStop().event())
        return True


@asynccontextmanager
async def serving(failure=None):
    seen = []
    server = AsyncTcpServer("127.0.0.1", 0)
    await server.start(lambda *streams: Pipeline(*streams, seen=seen, failure=failure))
    try:
        yield f"tcp://127.0.0.1:{server._server.sockets[0].getsockname()[1]}", seen
    finally:
        await server.stop()


async def one_turn(url, tmp_path, *, mode="burst", timeout_s=3.0, **options):
    target = Wyoming(url=url, **options)
    await target.open(TargetSettings(folder=tmp_path, timeout_s=timeout_s))
    async with target.session("ada") as session:
        return await session.speak(utterance(0.6, 0.2), mode)


@pytest.mark.parametrize("mode", ["burst", "realtime"])
async def test_a_turn_gives_transcript_answer_and_sound(mode, tmp_path):
    async with serving() as (url, seen):
        outcome = await one_turn(url, tmp_path, mode=mode)
    assert (outcome.heard, outcome.answer, outcome.error) == ("0.80 seconds", "You spoke.", None)
    assert sound_s(outcome.received) == pytest.approx(0.5, abs=0.001)
    assert outcome.received[0].clip.rate_hz == 22_050
    assert RunPipeline.from_event(seen[0]).end_stage == "tts"
    assert [event.type for event in seen[:2]] == ["run-pipeline", "audio-start"]
    assert AudioChunk.from_event(seen[3]).timestamp == 20


async def test_recognition_can_be_asked_for_in_a_language(tmp_path):
    async with serving() as (url, seen):
        await one_turn(url, tmp_path, start="transcribe", language="ko", rate_hz=8_000)
    assert Transcribe.from_event(seen[0]).language == "ko"
    assert AudioStart.from_event(seen[1]).rate == 8_000


@pytest.mark.parametrize(
    ("failure", "error", "says", "timeout_s"),
    [
        ("close", ConnectionLostError, "closed the connection", 10.0),
        ("hang", NoReplyError, "did not reply within 0.4 s", 0.4),
    ],
)
async def test_a_server_that_goes_away_ends_the_conversation(failure, error, says, timeout_s, tmp_path):
    async with serving(failure) as (url, _):
        with pytest.raises(error, match=says):
            await one_turn(url, tmp_path, timeout_s=timeout_s)


async def test_an_error_event_fails_the_turn(tmp_path):
    async with serving("error") as (url, _):
        outcome = await one_turn(url, tmp_path)
    assert outcome.error == ("no-model", "no model")


async def test_lines_that_are_no_events_are_noted_and_passed_over(tmp_path):
    async with serving("garbage") as (url, _):
        outcome = await one_turn(url, tmp_path)
    assert outcome.answer == "You spoke."
    assert sum(event.name == "unreadable message" for event in outcome.events) == 2


async def test_an_endless_line_does_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("voicelab.targets.wyoming.LARGEST_MESSAGE_BYTES", 1_000)

    async def flood(reader, writer):
        writer.write(b"x" * 100_000)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    async with server:
        url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(ConnectionLostError, match="longer than 1000 bytes"):
            await one_turn(url, tmp_path)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:9", "tcp://127.0.0.1", "tcp://127.0.0.1:0"])
async def test_an_address_has_the_form_that_it_needs(url, tmp_path):
    with pytest.raises(InputError, match="tcp://HOST:PORT"):
        await one_turn(url, tmp_path)


async def test_nobody_there_is_a_lost_connection(tmp_path):
    with pytest.raises(ConnectionLostError, match="cannot connect"):
        await one_turn("tcp://127.0.0.1:9", tmp_path)


def test_an_event_survives_the_way_there_and_back():
    for event in [("a", {}, b""), ("b", {"text": "é"}, b""), ("c", {"rate": 8}, b"\x00\n\xff")]:
        assert decode_event(encode_event(*event)) == event
