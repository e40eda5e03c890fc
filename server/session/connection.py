"""One connection: what is taken when, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from server import logs
from server.dialects.base import Dialect
from server.faults import as_refusals
from server.gate import user_of
from server.messages import AudioChunk, ErrorCode, Heartbeat, Init, Interrupt, Refused, TypedText
from server.outgoing import Interrupted, Pulse, SessionStart
from server.services import Services
from server.session.beginning import agree, unasked
from server.session.config import SessionConfig
from server.session.conversation import Conversation
from server.session.reading import MessageReader
from server.session.receive_queue import Arrival, ReceiveQueue
from server.session.sender import Sender

ANONYMOUS = "anonymous"
CLIENT_LEFT = "client_left"
"""The `error` in the history of a turn whose client was gone before its reply was complete."""
_GOING_AWAY, _POLICY_VIOLATION = 1001, 1008
_GOODBYE_S = 2.0


class Connection:
    """Speaks the protocol over one accepted WebSocket.

    A reader lays what comes into the inbox; here it is taken in order, one turn after another. A turn that is answered
    runs as a task of its own, and only an interrupt is taken meanwhile; in continuous mode, the stream of sound too.
    """

    def __init__(self, websocket: WebSocket, services: Services, dialect: Dialect) -> None:
        self.websocket = websocket
        self._services = services
        self._token_user = user_of(websocket)
        self._config = SessionConfig("", self._token_user or websocket.query_params.get("user_id") or ANONYMOUS)
        self._is_withdrawn = asyncio.Event()
        self._receive_queue = ReceiveQueue(services.settings.max_waiting_bytes)
        self._dialect = dialect
        self._sender = Sender(websocket, dialect)
        self._conversation: Conversation | None = None
        self._taking = False

    @property
    def session_id(self) -> str:
        """The session of this connection; empty before it begins."""
        return self._config.session_id

    @property
    def busy(self) -> bool:
        """Whether a turn runs, or something is being answered."""
        return self._taking or (self._conversation is not None and self._conversation.in_turn)

    def withdraw(self) -> None:
        """End the connection: its token or sign-in is no longer accepted."""
        self._is_withdrawn.set()

    async def run(self) -> None:
        """Until the client leaves, which it may do at any point, or until staying open would be unsafe."""
        reader = MessageReader(
            self.websocket, self._receive_queue, self._services.settings,
            dialect=self._dialect, sender=self._sender,
            is_answering=lambda: self._conversation is not None and self._conversation.is_answering,
        )  # fmt: skip
        try:
            await self._sender.send_frames(self._dialect.opening())
            await _until_one_ends(reader.run(), reader.watch(), self._work(), self._until_withdrawn())
        except WebSocketDisconnect:
            await self._leave(CLIENT_LEFT)
        except Refused as last:
            await self._leave(last.code)
            await self._hang_up(last, _POLICY_VIOLATION)
        else:
            await self._leave(CLIENT_LEFT)

    async def go_away(self) -> None:
        """Say that the server ends, and close; `run` was cancelled before. A turn that still runs is kept as cut off.

        The client is told first: a history that is slow must not keep it waiting.
        """
        refusal = Refused(ErrorCode.GOING_AWAY, "the server is ending; connect again, with the session_id to go on")
        if self._conversation is not None:
            await self._conversation.halt()
        with suppress(RuntimeError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await self._hang_up(refusal, _GOING_AWAY)
        await self._leave(ErrorCode.GOING_AWAY)

    async def _until_withdrawn(self) -> None:
        await self._is_withdrawn.wait()
        message = "the token was withdrawn, or the user has signed out; connect again with a token that is accepted"
        raise Refused(ErrorCode.UNAUTHORIZED, message)

    async def _work(self) -> None:
        """Take one event after another; what is wrong with one is answered, and the connection goes on."""
        while True:
            arrival = await self._receive_queue.take()
            self._taking = True
            try:
                with as_refusals():
                    await self._take(arrival)
                    if self._conversation is not None:
                        await self._conversation.answer_heard()
            except Refused as refusal:
                if refusal.code.closes:
                    raise
                await self._sender.tell(refusal, self._config)
            self._taking = False

    async def _take(self, arrival: Arrival) -> None:
        match arrival.event:
            case Refused() as refusal if refusal.chunk_is_final is None:
                raise refusal
            case Refused() as refusal:
                await (await self._begun()).take_refused_chunk(refusal)
            case Init() as init:
                await self._init(init)
            case AudioChunk() as chunk:
                await (await self._begun()).take_chunk(arrival, chunk)
            case TypedText() as typed:
                await (await self._begun()).take_text(typed)
            case Interrupt() as interrupt if self._conversation is not None:
                await self._conversation.take_interrupt(interrupt, arrival.at_s)
            case Interrupt():
                await self._sender.send(Interrupted(session_id=None))
            case Heartbeat():
                await self._pulse()

    async def _init(self, init: Init) -> None:
        if self._conversation is not None:
            message = f"init comes first and once; this connection is in session {self._config.session_id}"
            raise Refused(ErrorCode.ALREADY_INITIALIZED, message)
        agreed = await agree(init, self._services, user_id=self._config.user_id, token_user=self._token_user)
        await self._begin(agreed)

    async def _begun(self) -> Conversation:
        return self._conversation or await self._begin(await unasked(self._services, self._config.user_id))

    async def _begin(self, config: SessionConfig) -> Conversation:
        self._config = config
        self._conversation = Conversation(self._services, config, self._sender, self._receive_queue)
        logs.session_id.set(config.session_id)
        await self._sender.send(SessionStart(session_id=config.session_id, user_id=config.user_id))
        return self._conversation

    async def _leave(self, code: str) -> None:
        if self._conversation is not None:
            await self._conversation.leave(code)

    async def _hang_up(self, last: Refused, close_code: int) -> None:
        with suppress(WebSocketDisconnect):
            await self._sender.tell(last, self._config)
            await self.websocket.close(close_code, last.code)

    async def _pulse(self) -> None:
        await self._sender.send(Pulse(session_id=self._config.session_id or None))


async def _until_one_ends(*work: Coroutine[Any, Any, None]) -> None:
    """Run all side by side; when one ends the others are cancelled, and what it raised is raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
