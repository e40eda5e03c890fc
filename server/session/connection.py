"""One connection, as a state machine: what is taken when, and what a message or a turn that fails costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from enum import Enum, auto
from math import inf
from time import perf_counter
from typing import Any, Literal

from starlette.websockets import WebSocket, WebSocketDisconnect

from server import logs
from server.faults import as_refusals
from server.gate import user_of
from server.history import INTERRUPTED
from server.messages import AudioChunk, ErrorCode, Heartbeat, Init, Interrupt, Refused, TypedText
from server.outgoing import Failure, Interrupted, Pulse, SessionStart
from server.services import Services
from server.session.answering import Answering
from server.session.continuous import SpeechStream
from server.session.inbox import Arrival, Inbox
from server.session.listening import Listening
from server.session.outlet import Outlet
from server.session.reading import Reader
from server.session.tempo import Tempo
from server.session.terms import Terms
from voicelab.turn import TurnEvent

ANONYMOUS = "anonymous"
CLIENT_LEFT = "client_left"
"""The `error` in the history of a turn whose client was gone before its reply was complete."""
_GOING_AWAY, _POLICY_VIOLATION = 1001, 1008
_GOODBYE_S = 2.0


class State(Enum):
    """WAITING: for init. READY: for a turn. IN_TURN: its first chunks came. SKIPPING: the rest of a failed turn."""

    WAITING = auto()
    READY = auto()
    IN_TURN = auto()
    SKIPPING = auto()


class Connection:
    """Speaks the protocol over one accepted WebSocket.

    A reader lays what comes into the inbox; here it is taken in order, one turn after another. A turn that is answered
    runs as a task of its own, and only an interrupt is taken meanwhile; in continuous mode, the stream of sound too.
    """

    def __init__(self, websocket: WebSocket, services: Services) -> None:
        self._websocket = websocket
        self._services = services
        self._settings = services.settings
        self._state = State.WAITING
        self._token_user = user_of(websocket)
        self._terms = Terms("", self._token_user or websocket.query_params.get("user_id") or ANONYMOUS)
        self._inbox = Inbox(self._settings.max_waiting_bytes)
        self._outlet = Outlet(websocket)
        self._tempo = Tempo(self._settings.realtime_slack_s)
        self._listening: Listening | None = None
        self._answering: Answering | None = None
        self._sounding: Answering | None = None
        self._stream: SpeechStream | None = None
        self._taking = False

    @property
    def session_id(self) -> str:
        """The session of this connection; empty before it begins."""
        return self._terms.session_id

    @property
    def busy(self) -> bool:
        """Whether a turn runs, or something is being answered."""
        return self._taking or self._state is State.IN_TURN

    async def run(self) -> None:
        """Until the client leaves, which it may do at any point, or until staying open would be unsafe."""
        reader = Reader(
            self._websocket, self._inbox, self._settings,
            is_answering=lambda: self._answering is not None, pulse=self._pulse,
        )  # fmt: skip
        try:
            await _until_one_ends(reader.run(), self._work())
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
        if self._answering is not None:
            await self._answering.halt()
        with suppress(RuntimeError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await self._hang_up(refusal, _GOING_AWAY)
        await self._leave(ErrorCode.GOING_AWAY)

    async def _work(self) -> None:
        """Take one event after another; what is wrong with one is answered, and the connection goes on."""
        while True:
            arrival = await self._inbox.take()
            self._taking = True
            try:
                with as_refusals():
                    await self._take(arrival)
                    await self._answer_heard()
            except Refused as refusal:
                if refusal.code.closes:
                    raise
                await self._tell(refusal)
            self._taking = False

    async def _take(self, arrival: Arrival) -> None:
        match arrival.event:
            case Refused() as refusal:
                await self._take_refused(refusal)
            case Init() as init:
                await self._init(init)
            case AudioChunk() as chunk if self._stream is not None:
                await self._hear(self._stream, chunk, arrival.at_s)
            case AudioChunk() as chunk:
                await self._begin_if_waiting()
                await self._take_chunk(chunk, arrival.at_s)
            case TypedText() as typed:
                await self._begin_if_waiting()
                await self._take_text(typed)
            case Interrupt():
                # Whoever sends it has silenced the rest of the reply that was sent.
                self._sounding = None
                await self._outlet.send(Interrupted(session_id=self._terms.session_id or None))
            case Heartbeat():
                await self._pulse()

    async def _take_refused(self, refusal: Refused) -> None:
        """A frame without an event in it; a chunk among them costs its turn."""
        if refusal.chunk_is_final is None or self._stream is not None:
            raise refusal
        await self._begin_if_waiting()
        await self._fail_turn(refusal, over=refusal.chunk_is_final)

    # The session.

    async def _init(self, init: Init) -> None:
        if self._state is not State.WAITING:
            message = f"init comes first and once; this connection is in session {self._terms.session_id}"
            raise Refused(ErrorCode.ALREADY_INITIALIZED, message)
        ears = self._services.ears if init.mode == "continuous" else None
        if ears is not None:
            await ears.open()
        elif init.mode == "continuous":
            message = "mode 'continuous' is not to be had here; known: turns, realtime"
            raise Refused(ErrorCode.UNSUPPORTED_MODE, message)
        user_id = init.user_id or self._terms.user_id
        if self._token_user not in (None, user_id):
            raise Refused(ErrorCode.FORBIDDEN, f"the token is {self._token_user}'s; leave user_id out")
        if init.session_id and not await self._services.history.resume_session(init.session_id, user_id):
            message = f"{user_id} has no session {init.session_id}; send init without session_id for a new one"
            raise Refused(ErrorCode.UNKNOWN_SESSION, message)
        realtime = init.mode != "turns"
        paced = realtime if init.paced is None else init.paced
        await self._begin(
            Terms(
                session_id=init.session_id or await self._services.history.start_session(user_id),
                user_id=user_id,
                reply_format=init.audio_format,
                realtime=realtime,
                lead_s=self._settings.reply_lead_s if paced else None,
                metrics="turn_metrics" in init.events,
                continuous=ears is not None,
                partials="partial_transcription" in init.events,
                starts="speech_started" in init.events,
                stops="speech_stopped" in init.events,
                turn_ids=init.turn_ids,
            )
        )
        if ears is not None:
            self._inbox.let_overtake(AudioChunk)
            self._stream = SpeechStream(self._services, ears, self._terms, self._outlet, self._tempo, self)

    async def _begin_if_waiting(self) -> None:
        """A client that speaks without init gets a session all the same."""
        if self._state is State.WAITING:
            user_id = self._terms.user_id
            await self._begin(Terms(await self._services.history.start_session(user_id), user_id))

    async def _begin(self, terms: Terms) -> None:
        self._terms = terms
        self._state = State.READY
        logs.session_id.set(terms.session_id)
        await self._outlet.send(SessionStart(session_id=terms.session_id, user_id=terms.user_id))

    # A turn, as it comes in.

    async def _take_chunk(self, chunk: AudioChunk, at_s: float) -> None:
        if self._state is State.SKIPPING:
            # A client that streams ahead was told when the turn failed; what it had on the way gets no second error.
            self._state = State.READY if chunk.is_final else State.SKIPPING
            return
        listening = self._listening or self._listen("spoken")
        try:
            with as_refusals():
                await listening.hear(chunk, at_s)
                if chunk.is_final:
                    await self._answer(listening, await listening.finish())
        except Refused as refusal:
            if refusal.code.closes:
                raise
            await self._fail_turn(refusal, over=chunk.is_final)

    async def _take_text(self, typed: TypedText) -> None:
        if self._state is State.IN_TURN:
            raise Refused(ErrorCode.BAD_MESSAGE, "text: a spoken turn has begun; end it with is_final first")
        listening = self._listen("typed")
        listening.record.heard = typed.text
        try:
            with as_refusals():
                turn = await listening.open()
                await self._answer(listening, turn.answer(typed.text))
        except Refused as refusal:
            if refusal.code.closes:
                raise
            await self._fail_turn(refusal, over=True)

    def _listen(self, kind: Literal["spoken", "typed"]) -> Listening:
        if self._services.draining.is_set():
            raise Refused(ErrorCode.GOING_AWAY, "the server is ending; connect again")
        self._state = State.IN_TURN
        self._listening = Listening(self._services, self._terms, self._outlet, self._tempo, kind=kind)
        logs.turn_id.set(self._listening.turn_id)
        return self._listening

    async def _fail_turn(self, refusal: Refused, *, over: bool) -> None:
        """End the turn with an error; over: its last chunk has come, so that the next chunk begins another."""
        listening, self._listening, self._answering = self._listening, None, None
        self._state = State.READY if over else State.SKIPPING
        turn_id = None
        if listening is not None:
            turn_id = listening.turn_id
            await self._give_up(listening, refusal.code)
        await self._tell(refusal, turn_id)

    async def _give_up(self, listening: Listening, code: str) -> None:
        """Close a turn that got no further, and keep it under this code."""
        await listening.close()
        listening.record.error = code
        await self._services.keep(self._terms.session_id, self._terms.user_id, listening.record)

    # A stream in which turns are found.

    async def _hear(self, stream: SpeechStream, chunk: AudioChunk, at_s: float) -> None:
        """What is wrong with a chunk of it is told, and does not touch the turn that is being answered."""
        try:
            with as_refusals():
                await stream.take(chunk, at_s)
        except Refused as refusal:
            if refusal.code.closes:
                raise
            await self._tell(refusal)

    async def _answer_heard(self) -> None:
        while self._stream is not None and self._stream.heard:
            self._state = State.IN_TURN
            self._listening = listening = self._stream.heard.popleft()
            logs.turn_id.set(listening.turn_id)
            try:
                with as_refusals():
                    await self._answer(listening, await listening.finish())
            except Refused as refusal:
                if refusal.code.closes:
                    raise
                await self._fail_turn(refusal, over=True)

    def agent_has_it_until_s(self) -> float:
        """Until when the agent has the floor: infinite while a turn is answered or waits for its answer."""
        if self._answering is not None or (self._stream is not None and self._stream.heard):
            return inf
        return 0.0 if self._sounding is None else self._sounding.sounds_until_s

    async def take_from_agent(self, at_s: float) -> None:
        """Stop the reply that is made, or that was sent and is still being heard, as an interrupt at that instant."""
        sounding, self._sounding = self._sounding, None
        if sounding is not None and perf_counter() >= sounding.sounds_until_s:
            sounding = None
        speaking = self._answering or sounding
        if speaking is not None:
            await self._interrupt(speaking, Arrival(Interrupt(), 0, at_s))

    # A turn, as it is answered.

    async def _answer(self, listening: Listening, events: AsyncGenerator[TurnEvent, None]) -> None:
        """Answer a turn; it is over when this returns, or has failed when this raises Refused."""
        assert listening.turn is not None
        self._sounding = None
        self._answering = Answering(
            listening.turn_id, listening.turn, events, listening.record,
            terms=self._terms, outlet=self._outlet, services=self._services,
        )  # fmt: skip
        while not self._answering.task.done():
            urgent = await self._inbox.urgent_before(self._answering.task)
            if urgent is not None and isinstance(urgent.event, AudioChunk):
                assert self._stream is not None
                await self._hear(self._stream, urgent.event, urgent.at_s)
            elif urgent is not None:
                await self._interrupt(self._answering, urgent)
        if not self._answering.task.cancelled():
            self._answering.task.result()
            self._sounding = self._answering
        self._answering = self._listening = None
        self._state = State.READY

    async def _interrupt(self, answering: Answering, arrival: Arrival) -> None:
        """Stop the reply, unless the interrupt is meant for another turn."""
        assert isinstance(arrival.event, Interrupt)
        if arrival.event.turn_id not in (None, answering.turn_id):
            await self._outlet.send(Interrupted(session_id=self._terms.session_id))
            return
        stopped_s = await answering.stop(INTERRUPTED)
        interrupted = Interrupted(
            session_id=self._terms.session_id,
            turn_id=answering.turn_id,
            stop_ms=1000 * (stopped_s - arrival.at_s),
            said=answering.said,
            changes=answering.changes,
        )
        await self._outlet.send(interrupted)

    # The end, and what goes out beside the turns.

    async def _leave(self, code: str) -> None:
        """Give back all that is held, and keep a turn that was being answered under this code.

        One that was still coming in is only kept where the server cut it off.
        """
        answering, listening = self._answering, self._listening
        self._answering = self._listening = None
        with suppress(Refused), as_refusals():
            if self._stream is not None:
                await self._stream.close()
            if answering is not None:
                await answering.stop(code)
            elif listening is not None and code == ErrorCode.GOING_AWAY:
                await self._give_up(listening, code)
            elif listening is not None:
                await listening.close()

    async def _hang_up(self, last: Refused, close_code: int) -> None:
        with suppress(WebSocketDisconnect):
            await self._tell(last)
            await self._websocket.close(close_code, last.code)

    async def _tell(self, refusal: Refused, turn_id: str | None = None) -> None:
        session_id, shown = self._terms.session_id or None, self._terms.shown(turn_id)
        await self._outlet.send(
            Failure(code=refusal.code, message=refusal.message, session_id=session_id, turn_id=shown)
        )

    async def _pulse(self) -> None:
        await self._outlet.send(Pulse(session_id=self._terms.session_id or None))


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
