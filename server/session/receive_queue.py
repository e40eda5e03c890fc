"""Bounded queue of a client's events."""

import asyncio
import itertools
from collections import deque
from dataclasses import dataclass

from server.messages import ClientEvent, ErrorCode, Heartbeat, Interrupt, Refused

_OVERHEAD_BYTES = 2000
"""Approximate memory of an event besides its text, so that many small events count too."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event, or the Refused of an invalid frame. size: bytes. at_s: arrival time (performance counter)."""

    event: ClientEvent | Refused
    size: int
    at_s: float


class ReceiveQueue:
    """Events in order of arrival; urgent ones can be taken first.

    Interrupts, heartbeats and the kinds added by `let_overtake` are urgent. They have a separate queue, so that all
    methods but `let_overtake` run in constant time.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._numbers = itertools.count()
        self._ordinary: deque[tuple[int, Arrival]] = deque()
        self._urgent: deque[tuple[int, Arrival]] = deque()
        self._bytes = 0
        self._urgent_kinds: tuple[type[ClientEvent], ...] = (Interrupt, Heartbeat)
        self._came = asyncio.Event()

    @property
    def is_empty(self) -> bool:
        """Whether no event is waiting."""
        return not self._ordinary and not self._urgent

    def let_overtake(self, kind: type[ClientEvent]) -> None:
        """Treat events of this kind as urgent too."""
        self._urgent_kinds = (*self._urgent_kinds, kind)
        waiting = sorted((*self._ordinary, *self._urgent), key=lambda numbered: numbered[0])
        self._ordinary.clear()
        self._urgent.clear()
        for number, arrival in waiting:
            self._queue_of(arrival).append((number, arrival))

    def put(self, arrival: Arrival) -> None:
        """Add an event. Raises Refused when the queue is full; an empty queue accepts an event of any size."""
        size = arrival.size + _OVERHEAD_BYTES
        if self._bytes and self._bytes + size > self._most_bytes:
            limit = f"more than {self._most_bytes} bytes (MAX_WAITING_BYTES)"
            message = f"{limit} were sent ahead while a turn is answered; send turns one by one"
            raise Refused(ErrorCode.TOO_FAR_AHEAD, message)
        self._queue_of(arrival).append((next(self._numbers), arrival))
        self._bytes += size
        self._came.set()

    async def take(self) -> Arrival:
        """Remove and return the oldest event; wait for one if the queue is empty."""
        while self.is_empty:
            await self._next()
        is_urgent_older = not self._ordinary or (self._urgent and self._urgent[0][0] < self._ordinary[0][0])
        return self._remove_from(self._urgent if is_urgent_older else self._ordinary)

    async def urgent_before(self, task: asyncio.Task[None]) -> Arrival | None:
        """Remove and return the oldest urgent event; None when the task ends first."""
        came = asyncio.ensure_future(self._urgent_came())
        try:
            await asyncio.wait({task, came}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            came.cancel()
        if not self._urgent or task.done():
            return None
        return self._remove_from(self._urgent)

    def _queue_of(self, arrival: Arrival) -> deque[tuple[int, Arrival]]:
        return self._urgent if isinstance(arrival.event, self._urgent_kinds) else self._ordinary

    async def _urgent_came(self) -> None:
        while not self._urgent:
            await self._next()

    async def _next(self) -> None:
        self._came.clear()
        await self._came.wait()

    def _remove_from(self, queue: deque[tuple[int, Arrival]]) -> Arrival:
        _, arrival = queue.popleft()
        self._bytes -= arrival.size + _OVERHEAD_BYTES
        return arrival
