"""The turns of one session: assign messages to turns, answer them in order, and handle failed turns."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
from functools import partial
from typing import Literal

from server import logs
from server.faults import as_refusals
from server.messages import AudioChunk, ErrorCode, Interrupt, Refused, TypedText
from server.session.answering import Answering
from server.session.continuous import SpeechStream
from server.session.listening import UtteranceReceiver
from server.session.receive_queue import ReceiveQueue
from server.session.session import ServerSession
from server.session.turn_taking import TurnTaking
from voicelab.pipeline.turn_events import TurnEvent


class State(Enum):
    """READY: no turn. IN_TURN: receiving or answering a turn. SKIPPING: ignoring the rest of a failed turn."""

    READY = auto()
    IN_TURN = auto()
    SKIPPING = auto()


@asynccontextmanager
async def reporting(report: Callable[[Refused], Awaitable[None]]) -> AsyncIterator[None]:
    """Report an error of the block instead of raising it, unless the error closes the connection."""
    try:
        with as_refusals():
            yield
    except Refused as refusal:
        if refusal.code.closes:
            raise
        await report(refusal)


class Conversation:
    """A started session. In continuous mode, the chunks form one stream in which the server finds the turns.

    receive_queue: checked for interrupts while a turn is answered.
    """

    def __init__(self, session: ServerSession, receive_queue: ReceiveQueue) -> None:
        self._session = session
        self._receive_queue = receive_queue
        self._state = State.READY
        self._listening: UtteranceReceiver | None = None
        self._stream: SpeechStream | None = None
        self._turn_taking = TurnTaking(session, lambda: self._stream is not None and bool(self._stream.pending))
        if session.options.mode == "continuous":
            assert session.services.vad_batcher is not None
            receive_queue.let_overtake(AudioChunk)
            self._stream = SpeechStream(session, session.services.vad_batcher, self._turn_taking)

    @property
    def in_turn(self) -> bool:
        """Whether a turn is being received or answered."""
        return self._state is State.IN_TURN

    @property
    def is_answering(self) -> bool:
        """Whether a turn is being answered."""
        return self._turn_taking.answering is not None

    # Input.

    async def take_chunk(self, chunk: AudioChunk, at_s: float) -> None:
        """Process a chunk of a turn or of the stream. The last chunk of a turn starts the answer.

        at_s: arrival of the chunk (performance counter).
        """
        if self._stream is not None:
            # Errors of the stream do not affect the turn being answered.
            async with reporting(self._session.send_error):
                await self._stream.take(chunk, at_s)
            return
        if self._state is State.SKIPPING:
            # The turn's error was already sent. Chunks that the client sent ahead get no second error.
            self._state = State.READY if chunk.is_final else State.SKIPPING
            return
        listening = self._listening or self._listen("spoken")
        async with reporting(partial(self._fail_turn, over=chunk.is_final)):
            await listening.receive(chunk, at_s)
            if chunk.is_final:
                await self._answer(listening, await listening.finish())

    async def take_refused_chunk(self, refusal: Refused) -> None:
        """Handle a chunk that cannot be parsed. It ends its turn; in a stream, only the chunk is dropped."""
        if self._stream is not None:
            raise refusal
        assert refusal.chunk_is_final is not None
        await self._fail_turn(refusal, over=refusal.chunk_is_final)

    async def take_text(self, typed: TypedText) -> None:
        """Answer a typed turn. Raises Refused while a spoken turn is being received."""
        if self._state is State.IN_TURN:
            raise Refused(ErrorCode.BAD_MESSAGE, "text: a spoken turn has started; end it with is_final first")
        listening = self._listen("typed")
        listening.record.heard = typed.text
        async with reporting(partial(self._fail_turn, over=True)):
            turn = await listening.open()
            await self._answer(listening, turn.answer(typed.text))

    async def take_interrupt(self, interrupt: Interrupt, at_s: float) -> None:
        """Handle an interrupt outside of an answer. The client may still be playing the last reply."""
        await self._turn_taking.interrupt(interrupt, at_s)
        if self._listening is not None:
            # The next turn has started with the dialogue before the reply was shortened.
            await self._listening.reload_dialogue()

    async def answer_pending(self) -> None:
        """Answer the utterances that were found in the stream."""
        while self._stream is not None and self._stream.pending:
            self._state = State.IN_TURN
            self._listening = listening = self._stream.pending.popleft()
            logs.turn_id.set(listening.turn_id)
            async with reporting(partial(self._fail_turn, over=True)):
                await self._answer(listening, await listening.finish())

    def _listen(self, kind: Literal["spoken", "typed"]) -> UtteranceReceiver:
        if self._session.services.draining.is_set():
            raise Refused(ErrorCode.GOING_AWAY, "the server is shutting down; connect again")
        self._state = State.IN_TURN
        self._listening = UtteranceReceiver(self._session, kind)
        logs.turn_id.set(self._listening.turn_id)
        return self._listening

    # Output.

    async def _answer(self, listening: UtteranceReceiver, events: AsyncGenerator[TurnEvent, None]) -> None:
        """Answer a turn and wait for its end. Raises Refused when it fails."""
        await self._turn_taking.run(Answering(listening, events), self._receive_queue, self.take_chunk)
        self._listening = None
        self._state = State.READY

    async def _fail_turn(self, refusal: Refused, *, over: bool) -> None:
        """End the turn with an error. over: its last chunk has arrived, so the next chunk starts a new turn."""
        listening, self._listening, self._turn_taking.answering = self._listening, None, None
        self._state = State.READY if over else State.SKIPPING
        turn_id = None
        if listening is not None:
            turn_id = listening.turn_id
            await self._give_up(listening, refusal.code)
        await self._session.send_error(refusal, turn_id)

    async def _give_up(self, listening: UtteranceReceiver, code: str) -> None:
        """Close an unanswered turn and store it with this error code."""
        await listening.close()
        listening.record.error = code
        await self._session.keep(listening.record)

    # Closing.

    async def halt(self) -> None:
        """Stop sending the reply. `leave` then stores its turn."""
        if self._turn_taking.answering is not None:
            await self._turn_taking.answering.halt()

    async def leave(self, code: str) -> None:
        """Release all resources, and store a turn that was being answered with this error code.

        A turn that was still being received is stored only if the server ended it.
        """
        answering, listening = self._turn_taking.answering, self._listening
        self._turn_taking.answering = self._listening = None
        with suppress(Refused), as_refusals():
            if self._stream is not None:
                await self._stream.close()
            if answering is not None:
                await answering.stop(code)
            elif listening is not None and code == ErrorCode.GOING_AWAY:
                await self._give_up(listening, code)
            elif listening is not None:
                await listening.close()
