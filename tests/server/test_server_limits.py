"""No client can use more than its share or delay another one."""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import sys
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets import Origin
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from server.frames import FrameLimits, read
from server.http.api import Command
from server.http.openai.speech import Speech
from server.messages import Refused
from server.session.rate_limiter import RateLimiter
from server.settings import Settings
from tests.support.serving import ORIGIN, PATIENCE_S, TONE, Served, Talker, serving, spawned, talking, until
from voicelab.asr.fake import FakeStream
from voicelab.audio.clip import Clip

SECOND = base64.b64encode(TONE.to_pcm16()).decode()
DRAWLING = "fake:words_per_s=1"
"""Synthesizes four hundred words to minutes of audio, more than the buffers of a connection hold."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), max_turn_s=30) as running:
        yield running


async def closing_code(talker: Talker) -> tuple[str, int]:
    """The codes of the last error and of the close frame after it."""
    last = ""
    try:
        while True:
            name, data = await talker.receive()
            last = data["code"] if name == "error" else last
    except ConnectionClosed as closed:
        return last, closed.rcvd.code if closed.rcvd is not None else 1006


async def push(talker: Talker, chunks: int) -> None:
    """Send seconds of audio at full speed until the server closes the connection."""
    try:
        for _ in range(chunks):
            await talker.send("audio_chunk", audio_chunk=SECOND, format="pcm16", is_final=False)
    except ConnectionClosed:
        return


async def test_sound_faster_than_speech_is_refused_where_it_goes_at_the_pace_of_speech(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init(mode="realtime")
        _, closing = await asyncio.gather(push(talker, 25), closing_code(talker))
        assert closing == ("too_fast", 1008)


async def test_sound_may_come_at_once_where_turns_are_sent_whole(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await push(talker, 25)
        await talker.say([b""])
        assert (await talker.answer()).one("transcription")["text"] == "you spoke 25.00 seconds"


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 2)), max_size=60))
def test_who_keeps_to_twice_the_pace_of_speech_is_never_refused(steps: list[tuple[float, float]]) -> None:
    """Send this part of the allowed audio after each pause."""
    tempo, at_s = RateLimiter(slack_s=4.0), 0.0
    for part, pause_s in steps:
        at_s += pause_s
        tempo.add(part * 2 * pause_s, at_s)


@given(st.floats(2.5, 100))
def test_who_does_not_is_refused_in_the_end(times_real: float) -> None:
    tempo = RateLimiter(slack_s=4.0)

    def speak() -> None:
        for number in range(1000):
            tempo.add(0.02 * times_real, 0.02 * number)

    with pytest.raises(Refused):
        speak()


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


async def test_what_is_pushed_without_end_grows_no_memory(tmp_path: Path) -> None:
    fakes = ("--asr", "fake", "--tts", "fake", "--agent", "fake:delay_s=5")
    with spawned(tmp_path, *fakes, MAX_WAITING_BYTES="4000000") as served:
        assert served.pid is not None
        async with talking(served) as talker:
            await talker.init()
            await push(talker, 20)
            await talker.say([TONE.to_pcm16()], format="pcm16")
            await talker.expect("transcription")
            before_mb = resident_mb(served.pid)
            _, closing = await asyncio.gather(push(talker, 2_000), closing_code(talker))
            assert closing == ("too_far_ahead", 1008)
            assert resident_mb(served.pid) - before_mb < 20
        async with talking(served) as talker:
            await talker.init(mode="realtime")
            _, closing = await asyncio.gather(push(talker, 2_000), closing_code(talker))
            assert closing in (("too_fast", 1008), ("too_far_ahead", 1008)), "whichever limit is met first"
            assert resident_mb(served.pid) - before_mb < 20


@pytest.mark.parametrize(
    "reading",
    [
        lambda text: read(json.dumps({"event": "text", "data": {"text": text}}), FrameLimits(1000, 1000)),
        lambda text: Command.model_validate({"command": text}),
        lambda text: Speech.model_validate_json(json.dumps({"model": text, "input": text})),
    ],
)
def test_what_was_sent_is_not_kept_when_it_has_been_read(reading: Callable[[str], Any]) -> None:
    reading("the first")
    before = sys.getallocatedblocks()
    for number in range(3000):
        reading(f"{uuid4()} for the time number {number}")
    assert sys.getallocatedblocks() - before < 300


async def test_speech_without_an_end_is_one_error_and_the_next_turn_works(tmp_path: Path) -> None:
    with serving(tmp_path, max_turn_s=3) as served:
        async with talking(served) as talker:
            await talker.init()
            await push(talker, 40)
            await talker.refusal("turn_too_long")
            await talker.say([b""])
            await talker.works()


async def test_an_idle_client_is_told_and_a_heartbeat_keeps_it(tmp_path: Path) -> None:
    with serving(tmp_path, idle_timeout_s=1.0) as served:
        async with talking(served) as idle, talking(served) as alive:
            await idle.init()
            leaving = asyncio.create_task(closing_code(idle))
            while not leaving.done():
                await alive.send("heartbeat")
                await alive.expect("heartbeat")
                await asyncio.sleep(0.1)
            assert leaving.result() == ("idle", 1008)
            await alive.works_after_init()


async def test_a_client_that_waits_for_a_long_answer_is_not_idle(tmp_path: Path) -> None:
    with serving(tmp_path, idle_timeout_s=0.2, agent="fake:delay_s=1") as served:
        async with talking(served) as talker:
            await talker.init()
            await talker.send("text", text="hello")
            assert "error" not in (await talker.answer()).names


async def stop_reading(talker: Talker) -> None:
    """Request a reply of several megabytes and do not read it."""
    await talker.init(audio_format="pcm16")
    await talker.send("text", text="go on and " * 130)
    await talker.expect("agent_response")
    talker.socket.transport.pause_reading()


async def hang_up(talker: Talker) -> None:
    talker.socket.transport.abort()
    await asyncio.wait_for(talker.socket.wait_closed(), 30)


@asynccontextmanager
async def dropped(folder: Path, reader_timeout_s: float, **settings: Any) -> AsyncIterator[tuple[Served, Talker]]:
    """A server, and its only client, which is to be dropped soon after the block."""
    with serving(folder, reader_timeout_s=reader_timeout_s, **settings) as served:
        assert served.services is not None
        shared = served.services
        talker = await talking(served).__aenter__()
        yield served, talker
        stopped_s = perf_counter()
        await asyncio.to_thread(until, lambda: shared.active_connections == 0)
        assert perf_counter() - stopped_s < 1.4 * reader_timeout_s + 8, "and what a busy machine takes; 14 s by default"
        await hang_up(talker)


async def test_a_client_that_stops_reading_is_dropped(tmp_path: Path) -> None:
    async with dropped(tmp_path, 1, tts=DRAWLING) as (served, talker):
        await stop_reading(talker)
    (turn,) = served.rows("SELECT error FROM turns")
    assert turn["error"] == "client_left"


async def test_a_client_that_stops_reading_when_nothing_is_sent_is_dropped_by_its_silence(tmp_path: Path) -> None:
    async with dropped(tmp_path, 1) as (_, talker):
        await talker.init()
        talker.socket.transport.pause_reading()


def frame_of_two_seconds() -> bytes:
    data = {"audio_chunk": base64.b64encode(Clip.join([TONE] * 2).to_pcm16()).decode(), "format": "pcm16"}
    text = json.dumps({"event": "audio_chunk", "data": {**data, "is_final": True}})
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=True)


async def test_a_frame_that_comes_slowly_is_waited_for(tmp_path: Path) -> None:
    """Regression: pings cannot be answered within a frame, so clients with slow frames were disconnected."""
    frame = frame_of_two_seconds()
    with serving(tmp_path, reader_timeout_s=1.5) as served:
        async with talking(served) as talker:
            await talker.init()
            talker.socket.transport.pause_reading()
            for start in range(0, len(frame), len(frame) // 10):
                talker.socket.transport.write(frame[start : start + len(frame) // 10])
                await asyncio.sleep(0.2)
            talker.socket.transport.resume_reading()
            assert (await talker.answer()).one("transcription")["text"] == "you spoke 2.00 seconds"


async def test_a_frame_that_never_ends_ends_its_connection(tmp_path: Path) -> None:
    async with dropped(tmp_path, 0.5) as (_, talker):
        await talker.init()
        talker.socket.transport.pause_reading()
        talker.socket.transport.write(frame_of_two_seconds()[:1000])


def test_by_default_a_client_that_stops_reading_is_gone_within_15_s() -> None:
    assert 1.4 * Settings.read().reader_timeout_s <= 15


async def test_compressed_messages_are_not_taken(served: Served) -> None:
    """Compression is not negotiated, so messages cannot expand; clients that use it nevertheless are disconnected."""
    async with connect(served.socket, origin=Origin(ORIGIN), compression="deflate", proxy=None) as socket:
        assert socket.protocol.extensions == []
        compressor = zlib.compressobj(wbits=-15)
        packed = compressor.compress(b" " * 10_000_000) + compressor.flush(zlib.Z_SYNC_FLUSH)
        fin_rsv1_text, masked_16 = 0xC1, 0x80 | 126
        head = bytes([fin_rsv1_text, masked_16]) + len(packed).to_bytes(2, "big") + bytes(4)
        socket.transport.write(head + packed)
        with pytest.raises(ConnectionClosed) as caught:
            await socket.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1002


async def test_a_slow_client_does_not_slow_another(tmp_path: Path) -> None:
    with serving(tmp_path, tts=DRAWLING, reader_timeout_s=60) as served:
        assert served.services is not None
        stuck = await talking(served).__aenter__()
        await stop_reading(stuck)
        async with talking(served) as talker:
            await talker.init()
            begun_s = perf_counter()
            for _ in range(3):
                await talker.works()
            assert perf_counter() - begun_s < 20, "the stuck one is dropped after 60 s"
            assert served.services.active_connections == 2, "the stuck one was there all the time"
        await hang_up(stuck)


async def test_one_connection_too_many_is_told_to_come_again(tmp_path: Path) -> None:
    with serving(tmp_path, max_connections=2) as served:
        async with talking(served) as one, talking(served):
            with pytest.raises(InvalidStatus) as caught:
                await talking(served).__aenter__()
            assert caught.value.response.status_code == 503
            assert "Retry-After" in caught.value.response.headers
            await one.works_after_init()
        async with talking(served) as another:
            await another.works_after_init()


@pytest.fixture
def hard_limit() -> Iterator[int]:
    """Set the system's limit of open files; processes started meanwhile get 1024 unless they raise it."""
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or not 1600 <= hard < 20_000_000:
        pytest.skip(f"takes a limit that can be reached and gone beyond; this system's is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(("connections", "is_warned"), [(700, False), (10_000_000, True)])
def test_as_many_files_are_allowed_as_connections_may_come(
    tmp_path: Path, hard_limit: int, connections: int, is_warned: bool
) -> None:
    fakes = ("--asr", "fake", "--agent", "fake", "--tts", "fake")
    with spawned(tmp_path, *fakes, MAX_CONNECTIONS=str(connections)) as served:
        assert httpx.get(f"{served.http}/health/live", timeout=PATIENCE_S).status_code == 200
        assert served.pid is not None
        allowed, _ = resource.prlimit(served.pid, resource.RLIMIT_NOFILE)
    assert allowed == (hard_limit if is_warned else 2 * connections + 200)
    assert ("MAX_CONNECTIONS may need" in (tmp_path / "server.log").read_text()) is is_warned


async def test_a_recognizer_that_hangs_costs_the_turn_that_was_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, finish = threading.Event(), FakeStream.finish

    def hang_once(stream: FakeStream) -> Any:
        monkeypatch.setattr(FakeStream, "finish", finish)
        released.wait(30)

    with serving(tmp_path, engine_timeout_s=1) as served:
        monkeypatch.setattr(FakeStream, "finish", hang_once)
        async with talking(served) as talker:
            session = await talker.init()
            await talker.say([TONE.to_pcm16()], format="pcm16")
            await talker.refusal("engine_failed")
            await talker.works()
        assert [turn["error"] for turn in served.turns(session["session_id"])] == ["engine_failed", None]
    released.set()


async def test_a_mode_that_is_not_there_is_refused_and_init_can_be_sent_again(tmp_path: Path) -> None:
    with serving(tmp_path, vad="none") as served:
        async with talking(served) as talker:
            await talker.send("init", mode="continuous")
            assert "continuous" in await talker.refusal("unsupported_mode")
            await talker.works_after_init()


@pytest.mark.parametrize("asked", [True, False])
async def test_partial_transcriptions_come_to_who_asks(tmp_path: Path, asked: bool) -> None:
    with serving(tmp_path) as served:
        async with talking(served) as talker:
            await talker.init(events=["partial_transcription"] if asked else [])
            await talker.send("audio_chunk", audio_chunk=SECOND, format="pcm16", is_final=False)
            if asked:
                assert (await talker.expect("partial_transcription"))["text"] == "you spoke 1.00 seconds"
            await talker.say([Clip.silence(1).to_pcm16()], format="pcm16")
            names = (await talker.answer()).names
            assert "partial_transcription" not in names[names.index("transcription") :]
            assert asked or "partial_transcription" not in names


async def test_a_second_end_of_a_turn_is_a_turn_without_audio(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.say([TONE.to_pcm16()], format="pcm16")
        await talker.say([b""])
        assert "transcription" in (await talker.answer()).names
        await talker.refusal("no_audio")
        await talker.works()
