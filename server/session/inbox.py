"""What a client has sent and the server has not taken yet, in order and within a limit."""

from __future__ import annotations

import asyncio
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


class Inbox:
    """Filled while a turn is answered, emptied between turns; only what is urgent may be taken out of order.

    Urgent are interrupts and heartbeats, and what `let_overtake` adds.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._waiting: deque[Arrival] = deque()
        self._bytes = 0
        self._urgent: tuple[type[ClientEvent], ...] = (Interrupt, Heartbeat)
        self._urgent_waiting = 0
        self._came = asyncio.Event()

    def let_overtake(self, kind: type[ClientEvent]) -> None:
        """Events of this kind may be taken out of order too."""
        self._urgent = (*self._urgent, kind)
        self._urgent_waiting = sum(map(self._is_urgent, self._waiting))

    def put(self, arrival: Arrival) -> None:
        """Add an event; Refused when more wait than may. One event is always taken, however large."""
        size = arrival.size + _OVERHEAD_BYTES
        if self._waiting and self._bytes + size > self._most_bytes:
            message = f"more than {self._most_bytes} bytes wait behind the turn that is answered; send turns one by one"
            raise Refused(ErrorCode.TOO_FAR_AHEAD, message)
        self._waiting.append(arrival)
        self._bytes += size
        self._urgent_waiting += self._is_urgent(arrival)
        self._came.set()

    async def take(self) -> Arrival:
        """The oldest event; waits for one."""
        while not self._waiting:
            await self._next()
        return self._remove(0)

    async def urgent_before(self, task: asyncio.Task[None]) -> Arrival | None:
        """The oldest urgent one, whatever waits before it; None when the task ends first. All else stays in place."""
        came = asyncio.ensure_future(self._urgent_came())
        try:
            await asyncio.wait({task, came}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            came.cancel()
        if not self._urgent_waiting or task.done():
            return None
        found = (place for place, arrival in enumerate(self._waiting) if self._is_urgent(arrival))
        return self._remove(next(found))

    def _is_urgent(self, arrival: Arrival) -> bool:
        return isinstance(arrival.event, self._urgent)

    async def _urgent_came(self) -> None:
        while not self._urgent_waiting:
            await self._next()

    async def _next(self) -> None:
        self._came.clear()
        await self._came.wait()

    def _remove(self, place: int) -> Arrival:
        arrival = self._waiting[place]
        del self._waiting[place]
        self._bytes -= arrival.size + _OVERHEAD_BYTES
        self._urgent_waiting -= self._is_urgent(arrival)
        return arrival
