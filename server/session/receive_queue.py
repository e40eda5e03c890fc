"""What a client has sent and the server has not taken yet, in order and within a limit."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from dataclasses import dataclass

from server.messages import ClientEvent, ErrorCode, Heartbeat, Interrupt, Refused

_OVERHEAD_BYTES = 500
"""About what an event takes beside its own text, so that many small ones count as well."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event, or why there was none in a frame. at_s: when it came, by the performance counter."""

    event: ClientEvent | Refused
    size: int
    at_s: float


class ReceiveQueue:
    """Filled while a turn is answered, emptied between turns; only what is urgent may be taken out of order.

    Urgent are interrupts and heartbeats, and what `let_overtake` adds. They wait in a queue of their own, so that each
    method but `let_overtake` takes the same time however much waits.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._numbers = itertools.count()
        self._ordinary: deque[tuple[int, Arrival]] = deque()
        self._urgent: deque[tuple[int, Arrival]] = deque()
        self._bytes = 0
        self._urgent_kinds: tuple[type[ClientEvent], ...] = (Interrupt, Heartbeat)
        self._came = asyncio.Event()

    def let_overtake(self, kind: type[ClientEvent]) -> None:
        """Events of this kind may be taken out of order too."""
        self._urgent_kinds = (*self._urgent_kinds, kind)
        waiting = sorted((*self._ordinary, *self._urgent), key=lambda numbered: numbered[0])
        self._ordinary.clear()
        self._urgent.clear()
        for number, arrival in waiting:
            self._queue_of(arrival).append((number, arrival))

    def put(self, arrival: Arrival) -> None:
        """Add an event; Refused when more wait than may. One event is always taken, however large."""
        size = arrival.size + _OVERHEAD_BYTES
        if self._bytes and self._bytes + size > self._most_bytes:
            message = f"more than {self._most_bytes} bytes wait behind the turn that is answered; send turns one by one"
            raise Refused(ErrorCode.TOO_FAR_AHEAD, message)
        self._queue_of(arrival).append((next(self._numbers), arrival))
        self._bytes += size
        self._came.set()

    async def take(self) -> Arrival:
        """The oldest event; waits for one."""
        while not self._ordinary and not self._urgent:
            await self._next()
        is_urgent_older = not self._ordinary or (self._urgent and self._urgent[0][0] < self._ordinary[0][0])
        return self._remove_from(self._urgent if is_urgent_older else self._ordinary)

    async def urgent_before(self, task: asyncio.Task[None]) -> Arrival | None:
        """The oldest urgent one, whatever waits before it; None when the task ends first. All else stays in place."""
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
