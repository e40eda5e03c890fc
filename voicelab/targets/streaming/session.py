"""One conversation over a transport, with the time of every message."""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from time import perf_counter

from voicelab.audio.clip import Clip
from voicelab.audio.incoming import Mode
from voicelab.errors import ConnectionLostError, InputError, NoReplyError, ServerError, VoicelabError
from voicelab.targets.background import analyse
from voicelab.targets.base import Capabilities, Interruption, SoundPiece, TargetEvent, TurnOutcome, Utterance
from voicelab.targets.streaming import events
from voicelab.targets.streaming.events import Frame
from voicelab.targets.streaming.microphone import Microphone
from voicelab.targets.streaming.transport import Transport
from voicelab.targets.streaming.turn import TurnLimits, TurnState
from voicelab.targets.streaming.wire import Reading, Wire

_FRAMES_BETWEEN_PAUSES = 100
_CLOSE_LIMIT_S = 2.0
_UNREADABLE = (InputError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""Exceptions raised by messages that do not match the protocol."""


class StreamSession:
    """A conversation. Call `begin` before the first turn and `close` at the end."""

    def __init__(
        self, wire: Wire, transport: Transport, limits: TurnLimits, *, session_id: str, signals: Capabilities
    ) -> None:
        self.session_id = session_id
        self._wire = wire
        self._transport = transport
        self._limits = limits
        self._wants_transcript = signals.caller_transcript
        self._expects_reply = signals.reply_text or wire.gives_sound
        self._microphone = Microphone(
            self._send_sound, rate_hz=wire.send_format.rate_hz, frame_s=wire.frame_s, continuous=wire.continuous
        )
        self._turn = self._new_turn()
        self._fault: VoicelabError | None = None
        self._changed = asyncio.Event()
        self._ready = not wire.waits_for_ready
        self._tasks: list[asyncio.Task[None]] = []
        self._answers: set[asyncio.Task[None]] = set()
        self._recording = False

    @property
    def messages(self) -> tuple[TargetEvent, ...]:
        """The messages of this turn that arrived, without audio."""
        return tuple(replace(event, name=f"< {event.name}") for event in self._turn.outcome.events)

    @property
    def outcome_so_far(self) -> TurnOutcome:
        return self._turn.outcome

    async def begin(self, *, ready_s: float, greeting_s: float) -> None:
        """Open the conversation: wait until the target is ready, then up to greeting_s for its greeting.

        Raises NoReplyError if it is not ready within ready_s, ServerError if it reports an error.
        """
        self._tasks.append(asyncio.create_task(self._until_lost(self._read)))
        await self._send_all(self._wire.opening())
        limit_s = perf_counter() + ready_s
        while not self._ready:
            self._check()
            if self._turn.outcome.error is not None:
                raise ServerError(*self._turn.outcome.error)
            if not await self._change(until_s=limit_s):
                raise NoReplyError(
                    f"connected, but the target was not ready after {ready_s:g} s{self._last_messages()}"
                )
        self._tasks.append(asyncio.create_task(self._until_lost(self._microphone.run)))
        if greeting_s > 0:
            await self._greeting(greeting_s)

    async def speak(
        self, utterance: Utterance, mode: Mode = "burst", interruption: Interruption | None = None
    ) -> TurnOutcome:
        """Send the caller's audio, wait for the reply, and return after the caller has heard it.

        mode: `burst` sends as fast as the target accepts it, if the target needs no continuous audio. Raises InputError
        for `burst` with other targets, ConnectionLostError if the connection ends, NoReplyError without a reply.
        """
        if mode == "burst" and self._wire.continuous:
            raise InputError("this target needs continuous audio in real time: use mode realtime")
        self._check()
        turn = self._turn = self._new_turn()
        self._wire.begin_turn()
        t_end = await self._utter(turn, utterance, mode)
        turn.finished_s = t_end
        if interruption is not None and turn.outcome.error is None:
            await self._interrupt(turn, interruption)
        await self._until_over(turn)
        if turn.outcome.error is None and not turn.has_reply and turn.ended_s is None:
            raise NoReplyError(f"the target did not reply within {self._limits.timeout_s:g} s{self._last_messages()}")
        if not turn.has_reply and self._expects_reply:
            turn.fail("empty_reply", "the target ended its reply without audio or text")
        return turn.finish(t_end)

    async def close(self) -> None:
        """Send the closing messages and close the connection, within a few seconds."""
        for task in [*self._tasks[1:], *self._answers]:
            task.cancel()
        with contextlib.suppress(ConnectionLostError, TimeoutError):
            async with asyncio.timeout(_CLOSE_LIMIT_S):
                if self._fault is None:
                    await self._send_all(self._wire.closing())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._answers, return_exceptions=True)
        with contextlib.suppress(ConnectionLostError):
            await self._transport.close()

    def _new_turn(self) -> TurnState:
        return TurnState(self._limits, self._wire.marks_end, self._wants_transcript, self._wire.gives_sound)

    async def _greeting(self, greeting_s: float) -> None:
        """Let the target speak first, and wait for the end of its audio."""
        turn = self._turn
        turn.limits = TurnLimits(timeout_s=greeting_s, quiet_s=self._limits.quiet_s, end_wait_s=self._limits.quiet_s)
        turn.wants_transcript = False
        turn.finished_s = perf_counter()
        await self._until_over(turn)
        if turn.outcome.error is not None:
            raise ServerError(*turn.outcome.error)

    async def _utter(self, turn: TurnState, utterance: Utterance, mode: Mode) -> float:
        """Send one utterance. Returns the time at which its last audio was sent."""
        clip = await analyse(utterance.clip, self._wire.send_format.rate_hz)
        self._recording = True
        await self._send_all(self._wire.start_of_utterance())
        if mode == "burst":
            for frame in self._microphone.frames(clip):
                await self._send_sound(frame)
            t_end = perf_counter()
        else:
            t_end = await self._spoken(turn, self._microphone.say(clip))
        self._recording = False
        await self._send_all(self._wire.end_of_utterance())
        return t_end

    async def _spoken(self, turn: TurnState, spoken: asyncio.Future[float]) -> float:
        spoken.add_done_callback(lambda _: self._changed.set())
        while not spoken.done():
            self._check()
            if turn.outcome.error is not None:
                return perf_counter()
            await self._change(until_s=float("inf"))
        return spoken.result()

    async def _interrupt(self, turn: TurnState, interruption: Interruption) -> None:
        """Speak during the reply, after_s seconds after its first sound, unless the reply ends before."""
        while turn.first_sound_at_s is None:
            if turn.over_at_s() <= perf_counter():
                return
            self._check()
            await self._change(until_s=turn.over_at_s())
        await asyncio.sleep(max(0.0, turn.first_sound_at_s + interruption.after_s - perf_counter()))
        if turn.over_at_s() <= perf_counter():
            return
        turn.interrupted_by_us, turn.finished_s = True, None
        turn.outcome.interrupted_at_s = perf_counter()
        messages = self._wire.cancel()
        if messages:
            await self._send_all(messages)
            await self._stop_playing(turn, perf_counter())
        turn.finished_s = await self._utter(turn, interruption.utterance, "realtime")

    async def _until_over(self, turn: TurnState) -> None:
        while (over_s := turn.over_at_s()) > perf_counter():
            self._check()
            await self._change(until_s=over_s)
        self._check()
        turn.check_length(perf_counter())

    async def _change(self, *, until_s: float) -> bool:
        """Wait for a message or the end of the speech. Returns False if neither comes until until_s."""
        self._changed.clear()
        try:
            async with asyncio.timeout(max(0.0, until_s - perf_counter()) if until_s != float("inf") else None):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    async def _read(self) -> None:
        """Process every message as it arrives, until the connection ends."""
        for count in itertools.count(1):
            frame = await self._transport.receive()
            await self._take(perf_counter(), frame)
            if count % _FRAMES_BETWEEN_PAUSES == 0:
                await asyncio.sleep(0)  # let other tasks run during a flood of messages

    async def _until_lost(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run an endless task; its error is raised for the waiting caller."""
        try:
            await work()
        except VoicelabError as error:
            self._fault = self._fault or error
            self._changed.set()

    async def _take(self, at_s: float, frame: Frame) -> None:
        turn = self._turn
        try:
            reading = self._wire.read(frame)
        except _UNREADABLE as error:
            turn.take_unreadable(
                at_s, str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
            )
        else:
            await self._react(at_s, turn, reading)
        self._changed.set()

    async def _react(self, at_s: float, turn: TurnState, reading: Reading) -> None:
        for event in reading.events:
            match event:
                case events.Ready():
                    self._ready = True
                case events.MessagesToSend(frames):
                    await self._send_all(frames)
                case events.ReplyInterrupted():
                    await self._stop_playing(turn, at_s)
        turn.take(at_s, reading)
        for event in reading.events:
            if isinstance(event, events.Mark):
                self._answer_later(turn.playout.ends_s, event.name)

    async def _stop_playing(self, turn: TurnState, at_s: float) -> None:
        played_s = turn.interrupt(at_s)
        if played_s is not None:
            await self._send_all(self._wire.interrupted(played_s))

    def _answer_later(self, at_s: float, mark: str) -> None:
        """Report a mark when the audio before it has been played."""

        async def report() -> None:
            await asyncio.sleep(max(0.0, at_s - perf_counter()))
            with contextlib.suppress(ConnectionLostError):
                await self._send_all(self._wire.played(mark))

        task = asyncio.create_task(report())
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _send_sound(self, clip: Clip) -> None:
        await self._send_all(self._wire.sound(clip))
        if self._recording:
            self._turn.outcome.sent.append(SoundPiece(perf_counter() - clip.duration_s, clip))

    async def _send_all(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            await self._transport.send(frame)

    def _last_messages(self) -> str:
        """Return the last messages that arrived, for an error."""
        turn = self._turn
        names = [event.name for event in turn.outcome.events[-5:]]
        came = f"; the last messages: {', '.join(names)}" if names else "; no message arrived"
        unread = (
            f"; {turn.unreadable} could not be parsed, the first: {turn.first_unreadable}" if turn.unreadable else ""
        )
        return came + unread
