"""Connections that a peer leaves half open, overfills or never reads: they are lost in limited time."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from time import perf_counter

import pytest
from websockets.asyncio.server import serve
from websockets.utils import accept_key

from voicelab.errors import ConnectionLostError, InputError, UnreachableError
from voicelab.targets import wyoming
from voicelab.targets.streaming import transport
from voicelab.targets.streaming.transport import WebSocket, bearer


@asynccontextmanager
async def raw_server(talk):
    """Serve connections that stay open, whatever `talk` leaves undone, until the block ends."""
    over, tasks = asyncio.Event(), []

    async def handle(reader, writer):
        tasks.append(asyncio.current_task())
        await talk(reader, writer)
        await over.wait()
        writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=1_000)
    async with server:
        yield server.sockets[0].getsockname()[1]
        over.set()
        await asyncio.gather(*tasks)


async def until_lost(connection, *, sends=None):
    """How the connection ends, and after how many seconds."""
    began_s = perf_counter()

    async def go_on():
        while True:
            await (connection.receive() if sends is None else connection.send(sends))

    with pytest.raises(ConnectionLostError) as caught:
        await go_on()
    await asyncio.wait_for(connection.close(), 5.0)
    return str(caught.value), perf_counter() - began_s


async def test_a_peer_that_never_answers_the_handshake_is_unreachable():
    async def silent(reader, writer):
        writer.transport.pause_reading()

    async with raw_server(silent) as port:
        with pytest.raises(UnreachableError, match=r"cannot connect: .*is the agent running"):
            await WebSocket.connect(f"ws://127.0.0.1:{port}", timeout_s=0.2)


@pytest.mark.parametrize("sends", [None, b"\x00" * 60_000], ids=["waiting", "sending"])
async def test_a_peer_that_is_half_open_is_lost_when_it_answers_no_ping(sends, monkeypatch):
    monkeypatch.setattr(transport, "_PING_S", 0.2)
    monkeypatch.setattr(transport, "_CLOSE_LIMIT_S", 0.2)

    async def greets_and_freezes(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        (key,) = [line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key")]
        answer = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
        writer.write("\r\n".join((*answer, f"Sec-WebSocket-Accept: {accept_key(key)}", "", "")).encode())
        writer.transport.pause_reading()

    async with raw_server(greets_and_freezes) as port:
        connection = await WebSocket.connect(f"ws://127.0.0.1:{port}", timeout_s=2.0)
        why, took_s = await until_lost(connection, sends=sends)
    assert ("closed the connection" if sends is None else "read nothing for 0.2 s") in why
    assert took_s < 10.0


async def test_a_message_that_is_too_large_ends_the_connection(monkeypatch):
    monkeypatch.setattr(transport, "LARGEST_MESSAGE_BYTES", 1_000)

    async def floods(connection):
        await connection.send("x" * 5_000)
        await connection.wait_closed()

    async with serve(floods, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        connection = await WebSocket.connect(f"ws://127.0.0.1:{port}", timeout_s=2.0)
        why, _ = await until_lost(connection)
    assert "too big" in why or "1009" in why


async def test_a_wyoming_server_that_reads_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(wyoming, "_SEND_LIMIT_S", 0.2)
    monkeypatch.setattr(wyoming, "_CLOSE_LIMIT_S", 0.2)

    async def reads_nothing(reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        writer.transport.pause_reading()

    async with raw_server(reads_nothing) as port:
        connection = await wyoming.WyomingConnection.connect(f"tcp://127.0.0.1:{port}", timeout_s=2.0)
        why, _ = await until_lost(connection, sends=b"x" * 1_000_000)
    assert "read nothing for 0.2 s" in why


@asynccontextmanager
async def refusing(status, body="", **headers):
    """Serve handshakes that are all refused with this answer."""

    def refuse(connection, request):
        answer = connection.respond(status, body)
        answer.headers.update(headers)
        return answer

    async with serve(lambda _: None, "127.0.0.1", 0, process_request=refuse) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def test_a_key_that_the_server_repeats_is_in_no_error(monkeypatch):
    monkeypatch.setenv("AGENT_KEY", "sk-very-secret")
    async with refusing(401, "the key sk-very-secret is not known") as url:
        for given in ({"headers": bearer("AGENT_KEY")}, {"url": f"{url}/?key=${{AGENT_KEY}}"}):
            with pytest.raises(InputError, match=r"the key \*\*\* is not known; check its key"):
                await WebSocket.connect(**{"url": url, "timeout_s": 2.0, **given})


async def test_a_key_that_the_server_repeats_is_in_no_message(monkeypatch):
    monkeypatch.setenv("AGENT_KEY", "sk-very-secret")

    async def repeat(connection):
        await connection.send("the key sk-very-secret is not known")
        await connection.close(1008, "sk-very-secret")

    async with serve(repeat, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        connection = await WebSocket.connect(url, headers=bearer("AGENT_KEY"), timeout_s=2.0)
        assert await connection.receive() == "the key *** is not known"
        with pytest.raises(ConnectionLostError) as lost:
            await connection.receive()
        assert "very-secret" not in str(lost.value)


async def test_a_redirect_to_another_kind_of_address_does_not_show_its_query():
    async with refusing(301, Location="https://example.com/?key=abc") as url:
        with pytest.raises(InputError, match="redirects to an address that is not ws") as error:
            await WebSocket.connect(url, timeout_s=2.0)
    assert "abc" not in str(error.value)


async def test_a_certificate_that_is_not_trusted_says_how_to_trust_it(monkeypatch):
    untrusted = ssl.SSLCertVerificationError(1, "certificate verify failed")
    untrusted.verify_message = "self-signed certificate"

    async def refuse(*given, **options):
        raise untrusted

    monkeypatch.setattr(transport.websockets, "connect", refuse)
    with pytest.raises(UnreachableError, match=r"not trusted: self-signed certificate; .* SSL_CERT_FILE"):
        await WebSocket.connect("wss://127.0.0.1:1", timeout_s=2.0)


def test_a_key_is_set_and_fits_into_a_header(monkeypatch):
    monkeypatch.setenv("AGENT_KEY", "abc\r\nX-Other: 1")
    with pytest.raises(InputError, match="AGENT_KEY has a character"):
        bearer("AGENT_KEY")
    monkeypatch.delenv("AGENT_KEY")
    with pytest.raises(InputError, match="AGENT_KEY is not set; export it"):
        bearer("AGENT_KEY")
    assert bearer("AGENT_KEY", is_required=False) == bearer(None) == {}
