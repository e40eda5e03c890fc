"""One connection: its main loop and its end."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from server import logs
from server.dialects.base import Dialect
from server.gate import user_of
from server.messages import AudioChunk, ErrorCode, Heartbeat, Init, Interrupt, Refused, TypedText
from server.outgoing import Interrupted, Pulse, SessionStart
from server.services import Services
from server.session.conversation import Conversation, reporting
from server.session.reading import MessageReader
from server.session.receive_queue import Arrival, ReceiveQueue
from server.session.sender import Sender
from server.session.session import ServerSession

ANONYMOUS = "anonymous"
CLIENT_LEFT = "client_left"
"""The `error` in the history of a turn whose client disconnected before the reply was complete."""
_GOING_AWAY, _POLICY_VIOLATION = 1001, 1008
_GOODBYE_S = 2.0


class Connection:
    """Runs the protocol over one accepted WebSocket.

    A MessageReader fills the receive queue, and this class handles its events in order, one turn after another. While a
    turn is being answered (in a separate task), it handles only urgent events; in continuous mode also audio.
    """

    def __init__(self, websocket: WebSocket, services: Services, dialect: Dialect) -> None:
        self.websocket = websocket
        self._services = services
        self._token_user = user_of(websocket)
        self._is_withdrawn = asyncio.Event()
        self._receive_queue = ReceiveQueue(services.settings.max_waiting_bytes)
        self._dialect = dialect
        user_id = self._token_user or websocket.query_params.get("user_id") or ANONYMOUS
        self._session = ServerSession(services, Sender(websocket, dialect), user_id)
        self._conversation: Conversation | None = None
        self._taking = False

    @property
    def session_id(self) -> str:
        """The id of the session; empty before it starts."""
        return self._session.session_id

    @property
    def busy(self) -> bool:
        """Whether a turn is running or an event is being handled."""
        return self._taking or (self._conversation is not None and self._conversation.in_turn)

    def withdraw(self) -> None:
        """Close the connection, because its token or sign-in is no longer valid."""
        self._is_withdrawn.set()

    async def run(self) -> None:
        """Run until the client disconnects or an error closes the connection."""
        reader = MessageReader(
            self.websocket, self._receive_queue, self._services.settings,
            dialect=self._dialect, sender=self._session.sender,
            is_answering=lambda: self._conversation is not None and self._conversation.is_answering,
        )  # fmt: skip
        try:
            await self._session.sender.send_frames(self._dialect.opening())
            timed = self._services.loop_share.timed
            await _until_one_ends(timed(reader.run()), reader.watch(), timed(self._work()), self._until_withdrawn())
        except WebSocketDisconnect:
            await self._leave(CLIENT_LEFT)
        except Refused as last:
            await self._leave(last.code)
            await self._close_with_error(last, _POLICY_VIOLATION)
        else:
            await self._leave(CLIENT_LEFT)

    async def go_away(self) -> None:
        """Send `going_away`, close the connection, and store a running turn. Call it after `run` was cancelled.

        The client is notified first, so that it does not wait for a slow history.
        """
        message = "the server is shutting down; connect again with the session_id to resume"
        refusal = Refused(ErrorCode.GOING_AWAY, message)
        if self._conversation is not None:
            await self._conversation.halt()
        with suppress(RuntimeError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await self._close_with_error(refusal, _GOING_AWAY)
        await self._leave(ErrorCode.GOING_AWAY)

    async def _until_withdrawn(self) -> None:
        await self._is_withdrawn.wait()
        message = "the token was withdrawn, or the user signed out; connect again with a valid token"
        raise Refused(ErrorCode.UNAUTHORIZED, message)

    async def _work(self) -> None:
        """Handle one event after another. Errors are sent to the client; most leave the connection open."""
        while True:
            if not self._receive_queue.is_empty:
                # Taking a queued event does not yield, so a client could otherwise hold the loop with many of them.
                await asyncio.sleep(0)
                await self._services.loop_share.turn()
            arrival = await self._receive_queue.take()
            self._taking = True
            async with reporting(self._session.send_error):
                await self._take(arrival)
                if self._conversation is not None:
                    await self._conversation.answer_pending()
            self._taking = False

    async def _take(self, arrival: Arrival) -> None:
        match arrival.event:
            case Refused() as refusal if refusal.chunk_is_final is None:
                raise refusal
            case Refused() as refusal:
                await (await self._require_conversation()).take_refused_chunk(refusal)
            case Init() as init:
                await self._init(init)
            case AudioChunk() as chunk:
                await (await self._require_conversation()).take_chunk(chunk, arrival.at_s)
            case TypedText() as typed:
                await (await self._require_conversation()).take_text(typed)
            case Interrupt() as interrupt if self._conversation is not None:
                await self._conversation.take_interrupt(interrupt, arrival.at_s)
            case Interrupt():
                await self._session.sender.send(Interrupted(session_id=None))
            case Heartbeat():
                await self._session.sender.send(Pulse(session_id=self.session_id or None))

    async def _init(self, init: Init) -> None:
        if self._conversation is not None:
            message = f"send init once, before all other events; this connection has session {self.session_id}"
            raise Refused(ErrorCode.ALREADY_INITIALIZED, message)
        await self._begin(init)

    async def _require_conversation(self) -> Conversation:
        """Return the conversation. Starts one with the default options if the client did not send init."""
        return self._conversation or await self._begin(Init())

    async def _begin(self, init: Init) -> Conversation:
        session = self._session
        await session.start(init, self._token_user)
        self._conversation = Conversation(session, self._receive_queue)
        logs.session_id.set(session.session_id)
        await session.sender.send(SessionStart(session_id=session.session_id, user_id=session.user_id))
        return self._conversation

    async def _leave(self, code: str) -> None:
        if self._conversation is not None:
            await self._conversation.leave(code)

    async def _close_with_error(self, last: Refused, close_code: int) -> None:
        with suppress(WebSocketDisconnect):
            await self._session.send_error(last)
            await self.websocket.close(close_code, last.code)


async def _until_one_ends(*work: Coroutine[Any, Any, None]) -> None:
    """Run coroutines concurrently. When one ends, cancel the others, and re-raise its exception."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
