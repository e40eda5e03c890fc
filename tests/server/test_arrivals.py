"""Requests of a client that sends too many wait or are refused before they are parsed."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Iterator

import pytest
from uvicorn.middleware.proxy_headers import _TrustedHosts

from server.gate import REQUESTS_BESIDE
from server.http.arrivals import _AT_ONCE, Arrivals, client_of, has_left, is_openai, is_probe
from server.loop_share import LoopShare
from tests.support.lines import connections, line, open_line, parsed, post
from tests.support.serving import Served, serving, until

PROXY = "127.0.0.1"
MOST = 1 + REQUESTS_BESIDE
GREEDY, MODEST = "192.0.2.66", "192.0.2.9"
BODY = b'{"command": "hello"}'


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    with serving(tmp_path, max_connections_per_client=1) as running:
        yield running


def command(client: str) -> bytes:
    return post("/api/voice/command", length=len(BODY), X_Forwarded_For=client)


@pytest.mark.parametrize(
    ("fields", "client"),
    [
        (b"X-Forwarded-For: 192.0.2.66", "192.0.2.66"),
        (b"x-forwarded-for:192.0.2.66 ", "192.0.2.66"),
        (b"X-FORWARDED-FOR: 198.51.100.1, 192.0.2.66, 127.0.0.1", "192.0.2.66"),
        (b"X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.66", "192.0.2.66"),
        (b"X-Forwarded-For: 2001:db8::1", "2001:db8::/64"),
        (b"A: x-forwarded-for: 192.0.2.66", None),
        (b"A: 1", None),
    ],
)
def test_the_client_behind_a_proxy_is_found_in_the_unparsed_headers(fields, client):
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\nB: 2\r\n\r\nX-Forwarded-For: 192.0.2.1\r\n"
    assert client_of(PROXY, head, _TrustedHosts(PROXY)) == client


def test_who_is_no_proxy_is_the_client_whatever_it_claims():
    head = b"GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.66\r\n\r\n"
    assert client_of("198.51.100.7", head, _TrustedHosts(PROXY)) == "198.51.100.7"
    assert client_of(None, head, _TrustedHosts(PROXY)) is None


@pytest.mark.parametrize(
    ("head", "probe", "openai"),
    [
        (b"GET /health/live HTTP/1.1\r\n", True, False),
        (b"HEAD /lab/health/ready?a=1 HTTP/1.1\r\n", True, False),
        (b"POST /health/live HTTP/1.1\r\n", False, False),
        (b"GET /health/lives HTTP/1.1\r\n", False, False),
        (b"GET /?a=/health/live HTTP/1.1\r\n", False, False),
        (b"GET /?a=/v1/audio HTTP/1.1\r\n", False, False),
        (b"POST /v1/audio/speech HTTP/1.1\r\n", False, True),
        (b"POST /v12 HTTP/1.1\r\n", False, False),
    ],
)
def test_probes_and_the_format_of_errors_are_seen_in_the_first_bytes(head, probe, openai):
    assert (is_probe(head), is_openai(head)) == (probe, openai)


async def test_many_requests_at_once_are_parsed_one_per_iteration():
    arrivals, order = Arrivals(LoopShare(0.25), most=100), []
    for _ in range(_AT_ONCE):
        arrivals.begin(GREEDY)
        assert not arrivals.has_to_wait(GREEDY)
    arrivals.begin(GREEDY)
    arrivals.begin(MODEST)
    assert arrivals.has_to_wait(GREEDY)
    assert not arrivals.has_to_wait(MODEST)

    async def read(number):
        await arrivals.turn(GREEDY)
        order.append(number)

    tasks = [asyncio.create_task(read(number)) for number in range(3)]
    for iterations in range(20):
        assert len(order) <= iterations
        await asyncio.sleep(0)
    assert order == [0, 1, 2]
    assert not arrivals.has_to_wait(GREEDY), "what began in an earlier iteration no longer counts"
    await asyncio.gather(*tasks)


async def test_a_request_of_a_client_over_its_share_waits():
    share = LoopShare(0.25)
    arrivals = Arrivals(share, most=100)
    share.add(0.001, time.perf_counter(), MODEST)
    share.add(0.1, time.perf_counter(), GREEDY)
    assert arrivals.has_to_wait(GREEDY)
    assert not arrivals.has_to_wait(MODEST)
    assert not arrivals.has_to_wait(None)
    begun_s = time.perf_counter()
    await arrivals.turn(GREEDY)
    assert time.perf_counter() - begun_s > 0.1


async def test_a_peer_that_has_left_is_noticed_while_reading_is_paused():
    near, far = socket.socketpair()
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=near)
    transport.pause_reading()
    far.send(b"GET")
    assert not has_left(transport)
    far.close()
    assert has_left(transport)
    transport.close()


@pytest.mark.parametrize(("path", "key"), [("/api/voice/command", "detail"), ("/v1/audio/speech", "error")])
async def test_an_address_behind_a_proxy_may_have_so_many_requests_open(served, path, key):
    lines = [await open_line(served) for _ in range(MOST)]
    for one in lines:
        await one.send(command(GREEDY))
    await asyncio.sleep(0.2)
    async with line(served) as surplus, line(served) as modest, line(served) as probe:
        await surplus.send(post(path, length=9_000_000, X_Forwarded_For=GREEDY) + b"x" * 100_000)
        answer = await surplus.answer()
        status, error = parsed(answer)
        assert (status, error["code"]) == (429, "too_many_connections")
        assert "MAX_CONNECTIONS_PER_CLIENT" in error["message"]
        assert f'{{"{key}"'.encode() in answer
        assert b"retry-after: 10" in answer.lower()
        await modest.send(command(MODEST) + BODY)
        assert (await modest.reader.read(12)) == b"HTTP/1.1 200"
        await probe.send(f"GET /health/live HTTP/1.1\r\nX-Forwarded-For: {GREEDY}\r\nHost: localhost\r\n\r\n".encode())
        assert (await probe.reader.read(12)) == b"HTTP/1.1 200"
    for one in lines[1:]:
        await one.send(BODY)
        assert (await one.reader.read(12)) == b"HTTP/1.1 200"
    async with line(served) as another:
        await another.send(command(GREEDY) + BODY)
        assert (await another.reader.read(12)) == b"HTTP/1.1 200", "only open requests count"
    await asyncio.gather(*(one.close() for one in lines))


async def test_a_waiting_request_whose_client_leaves_is_never_run(served, caplog):
    caplog.set_level(logging.INFO)
    share = served.services.loop_share
    for client, used_s in ((MODEST, 0.001), (GREEDY, 1.0)):
        share.add(used_s, time.perf_counter(), client)
    async with line(served) as leaving:
        await leaving.send(command(GREEDY) + BODY)
        await asyncio.sleep(0.1)
    await asyncio.to_thread(until, lambda: connections(served) == 0 and not share.is_over(GREEDY))
    assert served.rows("SELECT * FROM turns") == []
    assert not [record for record in caplog.records if "disconnected before the response" in record.getMessage()]


@pytest.mark.parametrize(("path", "key"), [("/api/voice/command", "detail"), ("/v1/audio/speech", "error")])
async def test_what_is_no_request_is_refused_in_the_format_of_its_path(served, path, key):
    async with line(served) as wrong:
        await wrong.send(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nContent-Length: x\r\n\r\n".encode()
        )
        answer = await wrong.answer()
    status, error = parsed(answer)
    assert (status, error["code"]) == (400, "bad_request")
    assert f'{{"{key}"'.encode() in answer
