"""Share the event loop between clients, so that a client with many requests does not delay the others."""

import asyncio
from collections.abc import Awaitable, Generator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar, cast

from starlette.types import Message, Receive

from voicelab.engines.pool.clients import client_scope, current_client

METER = "voicelab.meter"
"""Key of a connection's Meter in the ASGI scope."""
T = TypeVar("T")

_AHEAD_S = 0.05
"""Loop time that a client may use ahead of its share."""
_LONGEST_WAIT_S = 1.0
_ACTIVE_S = 1.0
"""A client that used the loop within this time is active."""
_MANY_CLIENTS = 1000
"""Number of known clients beyond which the inactive ones are forgotten."""


@dataclass(slots=True)
class _Client:
    """paid_at_s: time at which the client's use of the loop is within its share again."""

    paid_at_s: float = 0.0
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)


class LoopShare:
    """Measure the event loop's time by client, and delay clients that use more than their share.

    Nobody waits while only one client is active. share: fraction of the loop's time that one client may use while
    others are active. An unknown client (None) neither waits nor counts.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._clients: dict[str, _Client] = {}
        self._latest: str | None = None
        self._latest_s = float("-inf")
        self._other_s = float("-inf")
        """When a client other than the latest one used the loop."""

    async def turn(self) -> None:
        """Wait until the current client may use the loop. The tasks of one client continue one by one."""
        client = current_client()
        if self.is_over(client):
            await self.turn_in_queue(client)

    async def turn_in_queue(self, client: str | None) -> None:
        """Wait behind the client's other tasks, which continue one per iteration, and until it may use the loop."""
        if client is None:
            return
        known = self._of(client, perf_counter())
        async with known.queue:
            while (wait_s := self._wait_s(client, known)) > 0:  # noqa: ASYNC110 - the time grows meanwhile
                await asyncio.sleep(wait_s)
            # The next step of this task must be counted before the client's next task continues.
            await asyncio.sleep(0)

    def is_over(self, client: str | None) -> bool:
        """Return whether the client has used more than its share, or its tasks wait already."""
        if client is None or not (known := self._clients.get(client)):
            return False
        return known.queue.locked() or self._wait_s(client, known) > 0

    def receiver(self, receive: Receive) -> Receive:
        """Wrap an ASGI `receive`, so that each message of the client waits for its turn. Disconnects do not wait."""

        async def receive_in_turn() -> Message:
            message = await receive()
            if not message["type"].endswith(".disconnect"):
                await self.turn()
            return message

        return receive_in_turn

    async def timed(self, work: Awaitable[T]) -> T:
        """Await `work`, and attribute the loop's time that it uses to the current client."""
        return cast(T, await _Steps(work, self))

    def add(self, used_s: float, now_s: float, client: str | None) -> None:
        """Add to the time that the client used. now_s: time of the performance counter."""
        if client is None:
            return
        if client != self._latest:
            self._latest, self._other_s = client, self._latest_s
        self._latest_s = now_s
        known = self._of(client, now_s)
        paid_at_s = max(known.paid_at_s, now_s) + used_s / self._share
        known.paid_at_s = min(paid_at_s, now_s + _LONGEST_WAIT_S)

    def add_thread(self, used_s: float, client: str | None) -> None:
        """Add the processor time of a thread, which keeps the loop from running while it holds the GIL."""
        self.add(used_s, perf_counter(), client)

    def _of(self, client: str, now_s: float) -> _Client:
        if (known := self._clients.get(client)) is not None:
            return known
        if len(self._clients) >= _MANY_CLIENTS:
            kept = {name: one for name, one in self._clients.items() if one.paid_at_s > now_s or one.queue.locked()}
            self._clients = kept
        return self._clients.setdefault(client, _Client())

    def _wait_s(self, client: str, known: _Client) -> float:
        now_s = perf_counter()
        other_s = self._other_s if client == self._latest else self._latest_s
        if now_s - other_s > _ACTIVE_S:
            return 0.0
        return known.paid_at_s - _AHEAD_S / self._share - now_s


class _Steps:
    """An awaitable that measures each step of another one: the time from its resumption to its next wait."""

    def __init__(self, work: Awaitable[Any], share: LoopShare) -> None:
        self._work = work
        self._share = share

    def __await__(self) -> Generator[Any, Any, Any]:
        steps: Any = self._work.__await__()
        error: BaseException | None = None
        try:
            while True:
                begun_s = perf_counter()
                try:
                    waited = steps.send(None) if error is None else steps.throw(error)
                except StopIteration as end:
                    return end.value
                finally:
                    now_s = perf_counter()
                    self._share.add(now_s - begun_s, now_s, current_client())
                error = None
                try:
                    yield waited
                except BaseException as thrown:  # noqa: BLE001 - cancellation too belongs to the work
                    error = thrown
        finally:
            # The exception refers to this frame by its traceback.
            error = None


class Meter:
    """Attributes the time in which a connection's bytes are parsed to its client.

    The client is known only after the first bytes; the time before counts when it is set.
    """

    def __init__(self, share: LoopShare) -> None:
        self._begun_s = perf_counter()
        self._share = share
        self._client: str | None = None
        self._unattributed_s = 0.0

    def begin(self, scope: Any) -> None:
        """Begin a request, and add this meter to its scope."""
        scope[METER] = self
        self._begun_s = perf_counter()

    def arrive(self) -> None:
        """Add the time since the request began; call it before the first wait."""
        self.add(self._begun_s)

    def bind(self, client: str | None) -> None:
        """Set the client: the address while that is all that is known, then the user of the token."""
        self._client = client
        self._share.add(self._unattributed_s, perf_counter(), client)
        self._unattributed_s = 0.0

    @property
    def is_over(self) -> bool:
        """Whether the client has used more than its share."""
        return self._share.is_over(self._client)

    def add(self, begun_s: float) -> None:
        """Add the time since begun_s, a time of the performance counter."""
        now_s = perf_counter()
        if self._client is None:
            self._unattributed_s += now_s - begun_s
        else:
            self._share.add(now_s - begun_s, now_s, self._client)

    async def turn(self) -> None:
        """Wait until the client may use the loop."""
        with client_scope(self._client):
            await self._share.turn()
