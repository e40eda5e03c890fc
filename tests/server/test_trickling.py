"""A body needs a minimum rate and has a maximum time; probes are answered even if all connections are in use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import httpx
import pytest

from server.http import requests
from server.http.admission import RESERVE
from server.http.requests import BESIDE_WEBSOCKETS
from tests.support.lines import Line, connections, line, open_line, parsed, post
from tests.support.serving import Served, serving, talking, until

UPLOAD = post("/v1/audio/transcriptions", "multipart/form-data; boundary=x", length=9_000_000)
UPLOAD += b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
COMMAND = post("/api/voice/command", length=60_000)
TOKEN = "a-token-of-some-length"
MOST = 1


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), body_timeout_s=1.0, request_timeout_s=0.5) as running:
        yield running


@pytest.mark.parametrize("head", [UPLOAD, COMMAND], ids=["upload", "json"])
async def test_a_body_has_a_longest_time_however_steadily_it_comes(served: Served, head: bytes) -> None:
    async with line(served) as slow:
        await slow.send(head)
        begun_s = perf_counter()
        sending = asyncio.create_task(slow.send(b"a" * 10_000, every_s=0.02))
        status, detail = parsed(await slow.answer())
        sending.cancel()
    assert (status, detail["code"]) == (408, "request_timeout")
    assert "BODY_TIMEOUT_S" in detail["message"]
    assert 0.9 < perf_counter() - begun_s < 15, "the whole body would take 200 s"


@pytest.mark.parametrize(("piece", "is_ended"), [(1, True), (200, False)])
async def test_a_body_has_a_least_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, is_ended: bool
) -> None:
    """The rate is measured over each window and not since the start, so a fast start gives no credit."""
    monkeypatch.setattr(requests, "_WINDOW_S", 0.5)
    with serving(tmp_path, min_body_bytes_per_s=500) as served:
        async with line(served) as slow:
            sending = asyncio.create_task(send_slowly(slow, piece))
            answer = await slow.answer()
            sending.cancel()
    if is_ended:
        status, detail = parsed(answer)
        assert (status, detail["code"]) == (408, "request_timeout")
        assert "MIN_BODY_BYTES_PER_S" in detail["message"]
    else:
        assert answer.startswith(b"HTTP/1.1 200")


async def send_slowly(slow: Line, piece: int) -> None:
    """Send a sixth of the body, then pieces of this size twenty times per second for a while, then the rest."""
    body = b'{"command": "hello"}'.ljust(60_000)
    middle = 10_000 + 30 * piece
    await slow.send(COMMAND.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + body[:10_000])
    for start in range(10_000, middle, piece):
        await asyncio.sleep(0.05)
        await slow.send(body[start : start + piece])
    await slow.send(body[middle:])


async def test_who_is_answered_before_its_body_has_come_gets_no_more_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "_LINGER_S", 0.3)
    with serving(tmp_path, auth_tokens={TOKEN: "ada"}) as served:
        async with line(served) as stranger:
            await stranger.send(COMMAND)
            begun_s = perf_counter()
            sending = asyncio.create_task(stranger.send(b"a" * 1_000, every_s=0.05))
            assert (await stranger.answer()).startswith(b"HTTP/1.1 401")
            assert perf_counter() - begun_s < 15, "the whole body would take 50 s"
            sending.cancel()


async def test_the_rest_of_a_refused_body_and_the_next_request_may_come_in_one_piece(tmp_path: Path) -> None:
    """A client that keeps its connection after a refusal is served like any other."""
    body = b'{"command": "hello"}'
    with serving(tmp_path, auth_tokens={TOKEN: "ada"}) as served:
        async with line(served) as client:
            await client.send(post("/api/voice/command", length=len(body)))
            first = await client.reader.readuntil(b"}}")
            status = b"GET /ws/status/audio HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            await client.send(body + status + f"Authorization: Bearer {TOKEN}\r\n\r\n".encode())
            second = await client.answer()
    assert first.startswith(b"HTTP/1.1 401")
    assert second.startswith(b"HTTP/1.1 200")


async def taken(served: Served, data: bytes) -> list[Line]:
    """Open the maximum number of connections, each of which sends this."""
    lines = await asyncio.gather(*(open_line(served) for _ in range(MOST + BESIDE_WEBSOCKETS)))
    await asyncio.to_thread(until, lambda: connections(served) == len(lines))
    for one in lines:
        one.writer.write(data)
    return lines


def probed(served: Served) -> list[int]:
    """The status of each probe, with both methods."""
    asked = [(way, f"/health/{what}") for way in ("GET", "HEAD") for what in ("live", "ready")]
    with httpx.Client(base_url=served.http, timeout=10) as http:
        return [http.request(way, path).status_code for way, path in asked]


@pytest.mark.parametrize("data", [b"", b"GET /he", UPLOAD], ids=["silent", "half a head", "uploads"])
async def test_probes_are_answered_when_every_connection_is_taken(tmp_path: Path, data: bytes) -> None:
    with serving(tmp_path, max_connections=MOST, request_timeout_s=30) as served:
        # Uploads beyond the share of one client are refused immediately and keep their connection.
        lines = await taken(served, data)
        assert await asyncio.to_thread(probed, served) == [200] * 4
        if data is not UPLOAD:
            response = await asyncio.to_thread(httpx.get, f"{served.http}/ws/status/audio")
            assert response.status_code == 503
            assert response.json()["detail"]["code"] == "too_many_connections"
        await asyncio.gather(*(one.close() for one in lines))
        await asyncio.to_thread(until, lambda: connections(served) == 0)
        async with talking(served) as talker:
            await talker.works_after_init()


async def test_connections_that_say_nothing_cannot_fill_the_reserve(tmp_path: Path) -> None:
    with serving(tmp_path, max_connections=MOST, request_timeout_s=30) as served:
        lines = await taken(served, b"")
        surplus = await asyncio.gather(*(open_line(served) for _ in range(4 * RESERVE)))
        assert await asyncio.to_thread(probed, served) == [200] * 4
        assert connections(served) <= len(lines) + RESERVE + 1
        told = await asyncio.gather(*(one.answer() for one in surplus))
        assert all(parsed(answer)[0] == 503 for answer in told)
        await asyncio.gather(*(one.close() for one in [*lines, *surplus]))


async def test_who_waits_in_the_reserve_gets_a_place_that_becomes_free(tmp_path: Path) -> None:
    with serving(tmp_path, max_connections=MOST, request_timeout_s=30) as served:
        lines = await taken(served, b"")
        async with line(served) as waiting:
            await lines.pop().close()
            await asyncio.to_thread(until, lambda: connections(served) == len(lines) + 1)
            await waiting.send(b"GET /ws/status/audio HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert (await waiting.answer()).startswith(b"HTTP/1.1 200")
        await asyncio.gather(*(one.close() for one in lines))


async def test_no_websocket_begins_in_the_reserve(tmp_path: Path) -> None:
    handshake = b"GET /ws/voice/simple HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    with serving(tmp_path, max_connections=MOST, request_timeout_s=30) as served:
        lines = await taken(served, b"")
        async with line(served) as surplus:
            await surplus.send(handshake)
            assert parsed(await surplus.answer())[0] == 503
        await asyncio.gather(*(one.close() for one in lines))
