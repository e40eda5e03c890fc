"""Turn-taking: run the agent's reply, and stop it when the user interrupts."""

from collections.abc import Awaitable, Callable
from math import inf
from time import perf_counter

from server.messages import AudioChunk, Heartbeat, Interrupt
from server.outgoing import Interrupted, Pulse
from server.session.answering import Answering
from server.session.receive_queue import Arrival, ReceiveQueue
from server.session.session import ServerSession


class TurnTaking:
    """The current reply of a session, including one that was sent but is still being played.

    answering: the turn being answered. A failed turn stays here until the caller removes it. is_waiting: returns
    whether an utterance waits for its answer.
    """

    def __init__(self, session: ServerSession, is_waiting: Callable[[], bool]) -> None:
        self.answering: Answering | None = None
        self._sounding: Answering | None = None
        self._session = session
        self._is_waiting = is_waiting

    async def run(
        self, answering: Answering, receive_queue: ReceiveQueue, hear: Callable[[AudioChunk, float], Awaitable[None]]
    ) -> None:
        """Wait until the turn is answered or stopped, and handle urgent events meanwhile.

        hear: called with the chunks of a continuous stream and their arrival. Raises the turn's exception if it fails.
        """
        self._sounding, self.answering = None, answering
        while not answering.task.done():
            match await receive_queue.urgent_before(answering.task):
                case Arrival(AudioChunk() as chunk, at_s=at_s):
                    await hear(chunk, at_s)
                case Arrival(Interrupt() as interrupt, at_s=at_s):
                    await self.interrupt(interrupt, at_s)
                case Arrival(Heartbeat()):
                    await self._session.sender.send(Pulse(session_id=self._session.session_id))
        if not answering.task.cancelled():
            answering.task.result()
            self._sounding = answering
        self.answering = None

    async def interrupt(self, interrupt: Interrupt, at_s: float) -> None:
        """Stop the current reply, unless the interrupt names another turn, and send `interrupted`.

        at_s: arrival of the interrupt (performance counter).
        """
        speaking = self.answering or self._sounding
        heard_s = 0.0 if speaking is None else speaking.heard_s(at_s, interrupt.played_s)
        if speaking is None or speaking.is_over(heard_s) or interrupt.turn_id not in (None, speaking.turn_id):
            await self._session.sender.send(Interrupted(session_id=self._session.session_id or None))
            return
        self._sounding = None
        stopped_s = await speaking.interrupt(heard_s)
        interrupted = Interrupted(
            session_id=self._session.session_id,
            turn_id=speaking.turn_id,
            stop_ms=1000 * (stopped_s - at_s),
            said=speaking.said,
            changes=speaking.changes,
        )
        await self._session.sender.send(interrupted)

    def agent_floor_until_s(self) -> float:
        """Return until when the agent has the floor (performance counter); infinite while a turn is pending."""
        if self.answering is not None or self._is_waiting():
            return inf
        return 0.0 if self._sounding is None else self._sounding.sounds_until_s

    async def interrupt_agent(self, at_s: float) -> None:
        """Stop a reply that is being made or still being played, like an interrupt that arrived at `at_s`."""
        speaking = self.answering or self._sounding
        if speaking is not None and not speaking.is_over(speaking.heard_s(perf_counter())):
            await self.interrupt(Interrupt(), at_s)
