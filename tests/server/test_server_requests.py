"""Incomplete requests and unread answers time out; a slow upload does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest

from server.http.requests import BESIDE_WEBSOCKETS
from tests.support.lines import Line, connections, line
from tests.support.serving import Served, serving, talking, until

LIMIT_S = 0.5
BUSY_S = 5.0
"""What a busy machine may take besides. Without a limit, all of it would take 8 s or more."""
HEAD = b"POST /api/voice/command HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = json.dumps({"command": "hello", "user_id": "ada"}).encode()
HANDSHAKE = b"GET /ws/voice/simple HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), request_timeout_s=LIMIT_S) as running:
        yield running


def assert_told(answer: bytes) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    told = json.loads(body)
    # OpenAI's API has a different format.
    assert (told.get("detail") or told["error"])["code"] == "request_timeout"


async def test_a_connection_that_says_nothing_is_closed(served: Served) -> None:
    async with line(served) as silent:
        start_s = perf_counter()
        assert await silent.answer() == b""
        assert LIMIT_S * 0.9 < perf_counter() - start_s < LIMIT_S + BUSY_S


@pytest.mark.parametrize("begun", [HEAD, HANDSHAKE], ids=["request", "handshake"])
async def test_half_a_head_is_told_and_closed(served: Served, begun: bytes) -> None:
    async with line(served) as half:
        await half.send(begun)
        assert_told(await half.answer())


async def test_a_head_that_trickles_gets_no_more_time(served: Served) -> None:
    """Byte by byte, each within the limit: a timer that restarts with each byte would never expire."""
    async with line(served) as slow:
        start_s = perf_counter()
        trickling = asyncio.create_task(slow.send(HEAD, every_s=LIMIT_S / 5))
        assert_told(await slow.answer())
        assert perf_counter() - start_s < LIMIT_S + BUSY_S
        trickling.cancel()


async def test_a_second_request_that_never_comes_whole_is_ended_too(served: Served) -> None:
    """uvicorn stops its own idle timer at the first byte."""
    async with line(served) as slow:
        await slow.send(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await slow.reader.readuntil(b"}")
        await slow.send(b"GET ")
        start_s = perf_counter()
        assert_told(await slow.answer())
        assert perf_counter() - start_s < LIMIT_S + BUSY_S


@pytest.mark.parametrize("path", [b"/api/voice/command", b"/v1/audio/transcriptions"])
async def test_a_body_that_stands_still_is_told_and_closed(
    served: Served, path: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    head = HEAD.replace(b"/api/voice/command", path).replace(b"application/json", b"multipart/form-data; boundary=x")
    async with line(served) as slow:
        await slow.send(head + b"Content-Length: 999\r\n\r\n--x\r\n")
        assert_told(await slow.answer())
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_slow_but_steady_body_is_taken(served: Served) -> None:
    async with line(served) as slow:
        start_s = perf_counter()
        await slow.send(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY))
        await slow.send(BODY, every_s=LIMIT_S / 10)
        assert perf_counter() - start_s > 2 * LIMIT_S
        assert (await slow.answer()).startswith(b"HTTP/1.1 200")


async def test_an_engine_may_think_for_longer(tmp_path: Path) -> None:
    with serving(tmp_path, request_timeout_s=0.2, agent="fake:delay_s=0.6") as served:
        async with line(served) as patient:
            await patient.send(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
            assert (await patient.answer()).startswith(b"HTTP/1.1 200")


async def test_a_websocket_that_is_open_has_no_such_limit(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await asyncio.sleep(2 * LIMIT_S)
        await talker.works()


async def test_two_hundred_of_them_keep_nobody_from_their_turn_and_are_gone_after(tmp_path: Path) -> None:
    begun = [b"", HEAD, HANDSHAKE, HEAD + b"Content-Length: 99\r\n\r\n{"]
    with serving(tmp_path, request_timeout_s=3) as served:
        lines = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(200)]
        for number, (_, writer) in enumerate(lines):
            writer.write(begun[number % len(begun)])
        await asyncio.to_thread(until, lambda: connections(served) == 200)
        async with talking(served) as talker:
            await talker.works_after_init()
            assert connections(served) == 200, "they were there all the time"
            await asyncio.to_thread(until, lambda: connections(served) == 0)
            await talker.works()
        await asyncio.gather(*(Line(*one).close() for one in lines))


async def test_one_more_than_there_may_be_is_told_and_closed(tmp_path: Path) -> None:
    """Counts connections that are not WebSockets."""
    with serving(tmp_path, max_connections=2, request_timeout_s=30) as served:
        async with talking(served) as talker:
            await talker.init()
            most = 2 + BESIDE_WEBSOCKETS
            silent = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(most)]
            await asyncio.to_thread(until, lambda: connections(served) == most)
            async with line(served) as surplus:
                head, _, body = (await surplus.answer()).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 Service Unavailable")
            assert b"retry-after: 10" in head.lower()
            assert json.loads(body)["detail"]["code"] == "too_many_connections"
            assert connections(served) == most
            await talker.works()
            await Line(*silent.pop()).close()
            await asyncio.to_thread(until, lambda: connections(served) == most - 1)
            async with talking(served) as another:
                await another.works_after_init()
            await asyncio.gather(*(Line(*one).close() for one in silent))


async def test_an_answer_that_is_not_read_is_given_up(tmp_path: Path) -> None:
    """Five megabytes of speech, partly in the network buffers and partly in the server."""
    body = json.dumps({"model": "fake", "voice": "default", "input": "word", "response_format": "wav"}).encode()
    head = b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with serving(tmp_path, tts="fake:words_per_s=0.01", reader_timeout_s=0.5) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1024)
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert (await reader.read(12)) == b"HTTP/1.1 200"
        await asyncio.to_thread(until, lambda: connections(served) == 0)
        await Line(reader, writer).close()
