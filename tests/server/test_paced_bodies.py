"""A request body is read at the rate that its client's share of the event loop allows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from h11 import SEND_BODY
from uvicorn import Config
from uvicorn.server import ServerState

from server.http.bodies import BodyLimit
from server.http.paced_bodies import PacedBodies
from server.loop_share import LoopShare
from tests.support.wires import UsedUp, Wire

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"1\r\na\r\n"


class Metered(PacedBodies):
    """The protocol with the meter of a client that has used more than its share."""

    _share = LoopShare(0.25)

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.set_protocol(self)
        self._meter = UsedUp()


def uploading() -> tuple[Any, Wire]:
    """A request whose body the app does not read yet. Returns the protocol and the transport."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    config = Config(app, interface="asgi3", log_config=None)
    config.load()
    protocol, wire = Metered(config, ServerState(), {}), Wire()
    protocol.connection_made(wire)
    protocol.data_received(HEAD)
    return protocol, wire


async def test_a_body_waits_for_the_clients_share() -> None:
    """Regression: four uploads in chunks of one byte delayed the messages of other clients from 1 to 160 ms."""
    protocol, wire = uploading()
    assert protocol.conn.their_state is SEND_BODY
    protocol.data_received(CHUNK)
    assert not wire.reads.is_set()
    # The rules for slow bodies do not blame the client meanwhile.
    assert protocol.flow.read_paused
    # uvicorn resumes reading when the app asks for more of the body.
    protocol.flow.resume_reading()
    protocol.data_received(CHUNK)
    assert protocol.flow.read_paused
    protocol._meter.is_next.set()
    async with asyncio.timeout(10):
        await wire.reads.wait()
    protocol.connection_lost(None)


async def test_the_first_read_of_a_connection_is_small_and_later_ones_follow_the_time_of_parsing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.read_sizes._LONG_PARSE_S", 10.0)
    protocol, wire = uploading()
    protocol._meter.is_next.set()
    sizes = [wire.max_size]
    for _ in range(4):
        protocol.data_received(CHUNK)
        sizes.append(wire.max_size)
    assert sizes == [8192, 16384, 32768, 65536, 65536]
    monkeypatch.setattr("server.read_sizes._LONG_PARSE_S", -1.0)
    for _ in range(10):
        protocol.data_received(CHUNK)
    assert wire.max_size == 128
    protocol.connection_lost(None)


@pytest.mark.parametrize("sizes", [(0,), (8192,), (8193,), (30_000, 5, 20_000)])
async def test_a_form_is_parsed_in_small_pieces_between_which_other_tasks_run(sizes: tuple[int, ...]) -> None:
    messages = [
        {"type": "http.request", "body": b"x" * size, "more_body": index + 1 < len(sizes)}
        for index, size in enumerate(sizes)
    ]
    ran: list[int] = []
    pieces: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def ignore(message: Any) -> None:
        pass

    async def parse(scope: Any, receive: Any, send: Any) -> None:
        while not pieces or pieces[-1]["more_body"]:
            pieces.append(await receive())

    async def run() -> None:
        while True:
            ran.append(len(pieces))
            await asyncio.sleep(0)

    other = asyncio.create_task(run())
    scope = {
        "type": "http",
        "path": "/v1/audio/transcriptions",
        "headers": [(b"content-type", b"multipart/form-data; boundary=x")],
    }
    await BodyLimit(parse, 1_000_000, 65_536)(scope, receive, ignore)
    other.cancel()
    assert [len(piece["body"]) for piece in pieces] == [
        min(8192, size - start) for size in sizes for start in range(0, max(size, 1), 8192)
    ]
    large = [size for size in sizes if size > 8192]
    assert len(set(ran)) >= sum((size - 1) // 8192 for size in large)
