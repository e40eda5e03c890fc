"""Pings, pongs and fragments cost a client its share of the event loop, and little memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from server.loop_share import LoopShare
from server.sockets import socket_protocol
from tests.abuse.frames import FIN, Opcode, frame
from tests.abuse.handshakes import SOUND
from tests.support.wires import UsedUp, Wire


async def connected() -> tuple[Any, Wire, asyncio.Queue[Any]]:
    """A WebSocket. Returns its protocol, its transport and the messages that its app gets."""
    messages: asyncio.Queue[Any] = asyncio.Queue()
    is_open = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        is_open.set()
        while (message := await receive())["type"] == "websocket.receive":
            messages.put_nowait(message)

    config = uvicorn.Config(app, interface="asgi3", ws_per_message_deflate=False, log_config=None)
    config.load()
    protocol, wire = socket_protocol(10.0, LoopShare(0.25))(config, ServerState(), {}), Wire()
    protocol.connection_made(wire)
    protocol.data_received(SOUND.data)
    async with asyncio.timeout(10):
        await is_open.wait()
    return protocol, wire, messages


@pytest.mark.parametrize(
    "data",
    [frame(b"x", Opcode.PING), frame(b"x", Opcode.PONG), frame(b"", Opcode.TEXT, bits=0)],
    ids=["pings", "pongs", "fragments"],
)
async def test_frames_that_are_no_messages_wait_for_the_clients_share(data: bytes) -> None:
    """Regression: eight sockets that sent pings delayed the messages of others from 1 to 175 ms."""
    protocol, wire, _ = await connected()
    protocol._meter = meter = UsedUp()
    protocol.data_received(data)
    assert not wire.reads.is_set()
    meter.is_next.set()
    async with asyncio.timeout(10):
        await wire.reads.wait()
    protocol.connection_lost(None)


async def test_a_slow_read_is_followed_by_smaller_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol, wire, _ = await connected()
    monkeypatch.setattr("server.read_sizes._LONG_PARSE_S", -1.0)
    for _ in range(10):
        protocol.data_received(frame(b"", Opcode.PING))
    assert wire.max_size == 128
    monkeypatch.setattr("server.read_sizes._LONG_PARSE_S", 10.0)
    for _ in range(10):
        protocol.data_received(frame(b"", Opcode.PING))
    assert wire.max_size == 8192
    protocol.connection_lost(None)


@pytest.mark.parametrize(("opcode", "kind"), [(Opcode.TEXT, "text"), (Opcode.BINARY, "bytes")])
async def test_fragments_are_kept_in_one_buffer_and_joined(opcode: Opcode, kind: str) -> None:
    """Regression: a message in fragments of one byte took 17 times its size, and empty ones were never limited."""
    protocol, _, messages = await connected()
    empty = frame(b"", Opcode.CONTINUATION, bits=0)
    protocol.data_received(frame(b"a", opcode, bits=0) + empty * 1000 + frame(b"b", Opcode.CONTINUATION, bits=0))
    assert len(protocol.frames) == 1
    protocol.data_received(frame(b"c", Opcode.CONTINUATION, bits=FIN) + frame(b"d", opcode))
    async with asyncio.timeout(10):
        found = [(await messages.get())[kind], (await messages.get())[kind]]
    assert found == (["abc", "d"] if kind == "text" else [b"abc", b"d"])
    assert {type(one) for one in found} == {str if kind == "text" else bytes}
    protocol.connection_lost(None)


async def test_a_client_that_does_not_read_gets_no_pongs() -> None:
    """Regression: the pongs of a client that did not read filled the memory."""
    protocol, wire, _ = await connected()
    protocol.pause_writing()
    before = wire.written
    protocol.data_received(frame(b"x" * 125, Opcode.PING) * 10)
    assert wire.written == before
    protocol.resume_writing()
    protocol.data_received(frame(b"y", Opcode.PING))
    assert wire.written.removeprefix(before) == frame(b"y", Opcode.PONG, masked=False)
    protocol.connection_lost(None)
