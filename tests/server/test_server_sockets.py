"""Invalid WebSocket requests get an answer and a close, and leave no error in the log."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from pathlib import Path
from types import AsyncGeneratorType

import pytest

from server.services import Services
from tests.abuse.frames import FIN, Opcode, frame
from tests.abuse.rawsocket import Closed, RawSocket
from tests.abuse.seeds import message, payload
from tests.support.serving import ORIGIN, Served, serving, talking, until

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def handshake(path: str = "/ws/voice/simple", *more: str) -> bytes:
    lines = (
        f"GET {path} HTTP/1.1", "Host: localhost", f"Origin: {ORIGIN}", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}", *more, "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (handshake("/ws/voice/simple?x=" + "y" * 9_000), 414),
        (handshake("/ws/voice/simple", *(f"X-{number}: 1" for number in range(200))), 431),
        (handshake("/ws/voice/simple", "Cookie: " + "a" * 9_000), 431),
    ],
    ids=["long path", "many headers", "long header"],
)
async def test_a_handshake_that_cannot_be_read_is_answered_and_closed(served: Served, data: bytes, status: int) -> None:
    """Regression: it stayed open forever without an answer, with a file descriptor each."""
    client = await RawSocket.open(served.http)
    await client.write(data)
    async with asyncio.timeout(20):
        answer = await client.answer()
        assert answer is not None
        # Older versions of websockets do not distinguish these.
        assert answer[0] in (400, status)
        assert await client.receive() == Closed(None, "")
    await client.close()


async def opened(served: Served, *, narrow: bool = False) -> RawSocket:
    client = await RawSocket.open(served.http, receive_bytes=4096 if narrow else None)
    await client.write(handshake())
    answer = await client.answer()
    assert answer is not None
    assert answer[0] == 101
    return client


async def closing(client: RawSocket) -> Closed:
    async with asyncio.timeout(20):
        while isinstance(came := await client.receive(), str):
            continue
    await client.close()
    return came


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


async def test_text_that_is_not_utf8_closes_and_is_no_fault_in_the_log(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Regression: each such frame logged a traceback, so a client could fill the disk."""
    for wire in (
        frame(b'{"event": "heartbeat\xff"}'),
        frame(b"\xf0\x9f", bits=0) + frame(b"\x98", Opcode.CONTINUATION),
    ):
        client = await opened(served)
        await client.write(wire)
        assert (await closing(client)).code == 1007
    assert faults(caplog) == []


async def test_who_is_denied_or_leaves_at_the_door_is_no_fault_in_the_log(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Regression: one of four denied handshakes logged that the application had not completed it."""
    for _ in range(25):
        client = await RawSocket.open(served.http)
        await client.write(handshake().replace(ORIGIN.encode(), b"http://evil.example"))
        answer = await client.answer()
        assert answer is not None
        assert answer[0] == 403
        await client.close()
        client = await RawSocket.open(served.http)
        await client.write(handshake())
        client.vanish()
        await client.close()
    assert served.services is not None
    services = served.services
    await asyncio.to_thread(until, lambda: services.active_connections == 0)
    assert faults(caplog) == []


async def test_a_character_may_be_cut_by_fragments(served: Served) -> None:
    client = await opened(served)
    text = payload(message("heartbeat")) + b"  "
    emoji = '{"event": "heartbeat", "data": {"x": "😀"}}'.encode()
    place = emoji.index("😀".encode()) + 2
    await client.write(frame(emoji[:place], bits=0) + frame(emoji[place:], Opcode.CONTINUATION, bits=FIN) + frame(text))
    async with asyncio.timeout(20):
        assert "heartbeat" in str(await client.receive())
        assert "heartbeat" in str(await client.receive())
    await client.close()


async def test_a_bad_frame_in_the_middle_of_a_reply_ends_it_and_is_no_fault_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A reply that waited for its reader went on after the close, failed with uvicorn's RuntimeError, and was kept as
    internal_error.
    """
    with serving(tmp_path, tts="fake:words_per_s=1") as served:
        assert served.services is not None
        assert served.server is not None
        services: Services = served.services
        client = await opened(served, narrow=True)
        (connection,) = served.server.server_state.connections
        # Little is sent at a time, so many writes lie between the end of the wait and of the connection.
        way = connection.transport.get_extra_info("socket")  # type: ignore[union-attr]
        way.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        await client.write(frame(payload(message("init", audio_format="pcm16"))))
        await client.write(frame(payload(message("text", text="go on and " * 130))))
        async with asyncio.timeout(20):
            while "audio_chunk" not in str(await client.receive()):
                continue
        client.pause_reading()
        await asyncio.sleep(0.5)
        # The answer to the heartbeat is queued behind the reply, and the reader waits for it.
        await client.write(frame(payload(message("heartbeat"))))
        await asyncio.sleep(0.2)
        await client.write(frame(b"", 0x3))
        await asyncio.sleep(0.2)
        client.resume_reading()
        assert (await closing(client)).code in (1002, None)
        await asyncio.to_thread(until, lambda: services.active_connections == 0)
        assert [turn["error"] for turn in served.rows("SELECT error FROM turns")] == ["client_left"]
    assert faults(caplog) == []


async def test_a_turn_that_was_stopped_leaves_nothing_to_the_garbage_collector(tmp_path: Path) -> None:
    """Regression: its generators, with an encoder, stayed until garbage collection."""
    with serving(tmp_path, agent="fake:text=" + "on and on. " * 40) as served:
        async with talking(served) as talker:
            await talker.init(paced=True)
            gc.collect()
            gc.disable()
            try:
                await talker.send("text", text="hello")
                await talker.expect("agent_response")
                await talker.expect("audio_chunk")
                await talker.send("interrupt")
                await talker.read_to("interrupted")
                await talker.send("text", text="hello")
                await talker.expect("agent_response")
                await talker.expect("audio_chunk")
                talker.socket.transport.abort()
                assert served.services is not None
                services = served.services
                await asyncio.to_thread(until, lambda: services.active_connections == 0)
                # The turn ends a moment after its connection; garbage collection is off meanwhile.
                await asyncio.to_thread(until, lambda: not open_turns())
            finally:
                gc.enable()


def open_turns() -> list[object]:
    """The generators of turns that are neither exhausted nor closed."""
    found = [each for each in gc.get_objects() if type(each) is AsyncGeneratorType and each.ag_frame is not None]
    return [each for each in found if each.__qualname__.startswith("Turn.")]


async def test_an_interrupt_whose_client_leaves_while_the_turn_is_kept_leaves_nothing_open(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: cancelling the wait for the history also cancelled the write, so closing the connection failed."""
    with serving(tmp_path, agent="fake:text=" + "on and on. " * 40) as served:
        assert served.services is not None
        history, record = served.services.history, served.services.history.record

        async def slowly(*arguments: object) -> None:
            await asyncio.sleep(0.5)
            await record(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(history, "record", slowly)
        async with talking(served) as talker:
            await talker.init(paced=True)
            await talker.send("text", text="hello")
            await talker.expect("agent_response")
            await talker.send("interrupt")
            await asyncio.sleep(0.2)
            talker.socket.transport.abort()
            services = served.services
            await asyncio.to_thread(until, lambda: services.active_connections == 0)
        await asyncio.to_thread(until, lambda: len(served.rows("SELECT error FROM turns")) == 1)
        assert [turn["error"] for turn in served.rows("SELECT error FROM turns")] == ["interrupted"]
        (session,) = served.rows("SELECT ended_at FROM sessions")
        assert session["ended_at"] is not None
    assert faults(caplog) == []
