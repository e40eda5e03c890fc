"""Serve known-answer agents in a separate process, so that their work does not delay the callers."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from http import HTTPStatus
from multiprocessing.connection import Connection
from time import perf_counter

from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.support.known_answers.call import Call, Did, Prepared
from tests.support.known_answers.plain_agents import answer_http, talk_wyoming
from tests.support.known_answers.targets import Case


class KnownAgents:
    """Running agents: one per case, each on its own port, for one conversation."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.ports: list[int] = pipe.recv()

    def did(self, number: int) -> Did:
        """The actual times of this case's agent."""
        self._pipe.send(number)
        found: Did = self._pipe.recv()
        return found


@contextmanager
def known_agents(cases: Sequence[Case]) -> Iterator[KnownAgents]:
    """Serve an agent for each case during the block."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve_all, args=(list(cases), there), daemon=True)
    process.start()
    there.close()
    try:
        yield KnownAgents(here)
    finally:
        process.terminate()
        process.join()
        here.close()


def _serve_all(cases: list[Case], pipe: Connection) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            servers = [_Server(case) for case in cases]
            pipe.send([await server.start(stack) for server in servers])
            gc.collect()
            gc.freeze()
            while True:
                number = await asyncio.to_thread(pipe.recv)
                pipe.send(servers[number].did)

    with suppress(EOFError, KeyboardInterrupt):
        asyncio.run(run())


class _Server:
    """The agent of one case."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._prepared = Prepared.of(case.set, case.known.wire())
        self.did = Did()

    async def start(self, stack: AsyncExitStack) -> int:
        """Listen, and yield the port."""
        if self._case.known.transport == "websocket":
            server = await serve(self._talk, "127.0.0.1", 0, process_request=_health, compression=None)
        else:
            server = await asyncio.start_server(self._stream, "127.0.0.1", 0)
        await stack.enter_async_context(server)
        port: int = next(iter(server.sockets)).getsockname()[1]
        return port

    async def _talk(self, socket: ServerConnection) -> None:
        call = Call(self._prepared, socket.send, socket.close, self.did)
        try:
            for frame in self._prepared.wire.hello():
                await socket.send(frame)
            async for message in socket:
                arrived_s = perf_counter()
                incoming = self._prepared.wire.read(message)
                for frame in incoming.answers:
                    await socket.send(frame)
                if incoming.clip is not None:
                    call.take(incoming.clip, arrived_s)
        except ConnectionClosed:
            pass
        finally:
            call.close()

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(frame: str | bytes) -> None:
            assert isinstance(frame, bytes)
            writer.write(frame)
            await writer.drain()

        async def hang_up() -> None:
            writer.close()

        call = Call(self._prepared, send, hang_up, self.did)
        try:
            if self._case.known.transport == "http":
                await answer_http(call, reader)
            else:
                await talk_wyoming(call, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            call.close()
            writer.close()


def _health(connection: ServerConnection, request: Request) -> Response | None:
    """Answer plain HTTP requests like a voicelab server."""
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return None
    return connection.respond(HTTPStatus.OK, '{"status": "ok", "engines": []}')
