"""One connection, as a state machine: what is taken when, and what a message or a turn that fails costs."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator
from dataclasses import asdict
from enum import Enum, auto

from starlette.websockets import WebSocket, WebSocketDisconnect

from server import logs
from server.faults import as_refusals
from server.gate import user_of
from server.history import TurnRecord
from server.messages import (
    AgentResponse,
    AudioChunk,
    ClientEvent,
    EntityView,
    ErrorCode,
    Failure,
    Heartbeat,
    Init,
    Pulse,
    Refused,
    ReplyChunk,
    ServerEvent,
    SessionStart,
    Transcription,
    TurnMetrics,
    TypedText,
    read,
)
from server.services import Services
from voicelab import codecs
from voicelab.errors import InputError
from voicelab.turn import Answered, Heard, Spoken, Turn, TurnEvent
from voicelab.wire import INPUT_FORMATS, InputFormat, ReplyFormat

logger = logging.getLogger(__name__)

ANONYMOUS = "anonymous"
CLIENT_LEFT = "client_left"
"""The `error` in the history of a turn whose client was gone before its reply was complete."""
_GOODBYE_S = 2.0


class State(Enum):
    """WAITING: for init. READY: for a turn. IN_TURN: its first chunks came. SKIPPING: the rest of a failed turn."""

    WAITING = auto()
    READY = auto()
    IN_TURN = auto()
    SKIPPING = auto()


class Connection:
    """Speaks the protocol over one accepted WebSocket; messages are handled one after another."""

    def __init__(self, websocket: WebSocket, services: Services) -> None:
        self._websocket = websocket
        self._services = services
        self._state = State.WAITING
        self._token_user = user_of(websocket)
        self._user_id = self._token_user or websocket.query_params.get("user_id") or ANONYMOUS
        self._handling = False
        self._session_id = ""
        self._reply_format: ReplyFormat = "opus"
        self._wants_metrics = False
        self._turn: Turn | None = None
        self._record = TurnRecord("spoken")

    async def run(self) -> None:
        """Until the client leaves, which it may do at any point."""
        try:
            while True:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                self._handling = True
                await self._handle(message.get("text"))
                self._handling = False
        except WebSocketDisconnect:
            return
        finally:
            await self._drop_turn()

    @property
    def session_id(self) -> str:
        """The session of this connection; empty before it begins."""
        return self._session_id

    @property
    def busy(self) -> bool:
        """Whether a turn runs, or something is being answered."""
        return self._handling or self._state is State.IN_TURN

    async def go_away(self) -> None:
        """Say that the server ends, and close; `run` was cancelled before. A turn that still ran has failed."""
        refusal = Refused(ErrorCode.GOING_AWAY, "the server is ending; connect again, with the session_id to go on")
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await self._fail_turn(refusal, over=True)
                await self._websocket.close(1001, "going away")
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            return

    async def _handle(self, frame: str | None) -> None:
        """One message; what is wrong with it is answered, and the connection goes on."""
        try:
            with as_refusals():
                event = await self._read(frame)
                if event is not None:
                    await self._take(event)
        except Refused as refusal:
            await self._tell(refusal)

    async def _read(self, frame: str | None) -> ClientEvent | None:
        """The event in a frame; None when it was a chunk so wrong that its turn is lost, which was told."""
        if frame is None:
            raise Refused(ErrorCode.BAD_MESSAGE, "expected a text frame with JSON in it; a binary frame came")
        try:
            return read(frame, most_bytes=self._services.settings.max_message_bytes)
        except Refused as refusal:
            if refusal.chunk_is_final is None:
                raise
            await self._begin_if_waiting()
            await self._fail_turn(refusal, over=refusal.chunk_is_final)
            return None

    async def _take(self, event: ClientEvent) -> None:
        match event:
            case Init():
                await self._init(event)
            case AudioChunk():
                await self._begin_if_waiting()
                await self._take_chunk(event)
            case TypedText():
                await self._begin_if_waiting()
                await self._take_text(event)
            case Heartbeat():
                await self._send(Pulse(session_id=self._session_id or None))

    # The session.

    async def _init(self, init: Init) -> None:
        if self._state is not State.WAITING:
            message = f"init comes first and once; this connection is in session {self._session_id}"
            raise Refused(ErrorCode.ALREADY_INITIALIZED, message)
        user_id = init.user_id or self._user_id
        if self._token_user not in (None, user_id):
            raise Refused(ErrorCode.FORBIDDEN, f"the token is {self._token_user}'s; leave user_id out")
        if init.session_id and not await self._services.history.resume_session(init.session_id, user_id):
            message = f"{user_id} has no session {init.session_id}; send init without session_id for a new one"
            raise Refused(ErrorCode.UNKNOWN_SESSION, message)
        self._user_id = user_id
        self._reply_format = init.audio_format
        self._wants_metrics = "turn_metrics" in init.events
        await self._begin(init.session_id)

    async def _begin_if_waiting(self) -> None:
        """A client that speaks without init gets a session all the same."""
        if self._state is State.WAITING:
            await self._begin(None)

    async def _begin(self, session_id: str | None) -> None:
        self._session_id = session_id or await self._services.history.start_session(self._user_id)
        self._state = State.READY
        logs.session_id.set(self._session_id)
        await self._send(SessionStart(session_id=self._session_id, user_id=self._user_id))

    # The turns.

    async def _take_chunk(self, chunk: AudioChunk) -> None:
        if self._state is State.SKIPPING:
            # A client that streams ahead was told when the turn failed; what it had on the way gets no second error.
            self._state = State.READY if chunk.is_final else State.SKIPPING
            return
        if self._state is State.READY:
            self._begin_turn(TurnRecord("spoken"))
        try:
            with as_refusals():
                await self._hear(chunk)
                if chunk.is_final:
                    await self._answer_spoken()
        except Refused as refusal:
            await self._fail_turn(refusal, over=chunk.is_final)

    def _begin_turn(self, record: TurnRecord) -> None:
        if self._services.draining.is_set():
            raise Refused(ErrorCode.GOING_AWAY, "the server is ending; connect again")
        self._state, self._record = State.IN_TURN, record
        logs.turn_id.set(record.turn_id)

    async def _hear(self, chunk: AudioChunk) -> None:
        data = chunk.data()
        if not data:
            return
        form = _input_format(chunk, data, is_first=self._turn is None)
        turn = self._turn or await self._open_turn()
        self._record.audio_bytes_in += len(data)
        await turn.receive(data, form, chunk.sample_rate)

    async def _answer_spoken(self) -> None:
        if self._turn is None:
            raise Refused(ErrorCode.NO_AUDIO, "the turn ended with no audio in it; send some before is_final")
        await self._answer(self._turn.finish())

    async def _take_text(self, typed: TypedText) -> None:
        if self._state is State.IN_TURN:
            raise Refused(ErrorCode.BAD_MESSAGE, "text: a spoken turn has begun; end it with is_final first")
        self._begin_turn(TurnRecord("typed", heard=typed.text))
        try:
            with as_refusals():
                turn = await self._open_turn()
                await self._answer(turn.answer(typed.text))
        except Refused as refusal:
            await self._fail_turn(refusal, over=True)

    async def _open_turn(self) -> Turn:
        services = self._services
        dialogue = await services.history.dialogue(self._session_id, self._user_id)
        longest_s = services.settings.max_turn_s
        self._turn = Turn(services.pipeline, dialogue, reply_format=self._reply_format, longest_s=longest_s)
        self._record.times = self._turn.times
        return self._turn

    async def _answer(self, events: AsyncIterator[TurnEvent]) -> None:
        """Send a turn's events as they come about; the turn is over with the last."""
        try:
            async for event in events:
                await self._pass_on(event)
        except WebSocketDisconnect:
            if self._turn is not None:
                await self._keep(error=CLIENT_LEFT)
            raise

    async def _pass_on(self, event: TurnEvent) -> None:
        match event:
            case Heard(transcript):
                self._record.heard = transcript.text
                await self._send(Transcription(text=transcript.text, session_id=self._session_id))
            case Answered(_, reply):
                self._record.reply = reply
                entities = [EntityView.model_validate(entity) for entity in reply.entities]
                response = AgentResponse(
                    text=reply.text, intent=reply.intent, entities=entities, session_id=self._session_id
                )
                await self._send(response)
            case Spoken(data, last):
                self._record.audio_bytes_out += len(data)
                if last:
                    await self._complete()
                await self._send(self._reply_chunk(data, last=last))

    async def _complete(self) -> None:
        """What comes before the final chunk: the turn is on disk, and who asked for its times has them."""
        await self._keep()
        await self._drop_turn()
        self._state = State.READY
        if self._wants_metrics:
            assert self._record.reply is not None
            candidates = [EntityView.model_validate(entity) for entity in self._record.reply.candidates]
            times = asdict(self._record.times)
            await self._send(TurnMetrics(**times, candidates=candidates, session_id=self._session_id))

    async def _fail_turn(self, refusal: Refused, *, over: bool) -> None:
        """End the turn with an error; over: its last chunk has come, so that the next chunk begins another."""
        await self._drop_turn()
        had_begun = self._state is State.IN_TURN
        self._state = State.READY if over else State.SKIPPING
        if had_begun:
            await self._keep(error=refusal.code)
        await self._tell(refusal)

    async def _keep(self, error: str | None = None) -> None:
        self._record.error = error
        await self._services.keep(self._session_id, self._user_id, self._record)

    async def _drop_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            await turn.close()

    # What goes out.

    async def _tell(self, refusal: Refused) -> None:
        session_id = self._session_id or None
        await self._send(Failure(code=refusal.code, message=refusal.message, session_id=session_id))

    def _reply_chunk(self, data: bytes, *, last: bool) -> ReplyChunk:
        text = base64.b64encode(data).decode("ascii")
        return ReplyChunk(audio_chunk=text, format=self._reply_format, is_final=last, session_id=self._session_id)

    async def _send(self, event: ServerEvent) -> None:
        await self._websocket.send_text(event.frame())


def _input_format(chunk: AudioChunk, data: bytes, *, is_first: bool) -> InputFormat:
    """How raw bytes are read; a container says itself what it is, whatever the chunk calls it.

    Raises InputError for raw bytes of a format that is not known: read as Opus, they would be heard as noise.
    """
    if chunk.format == "pcm16":
        return "pcm16"
    if is_first and chunk.format not in INPUT_FORMATS and codecs.sniff(data) is None:
        known = ", ".join(INPUT_FORMATS)
        raise InputError(f"format {chunk.format!r} is not known and the audio is no container; known: {known}")
    return "opus"
