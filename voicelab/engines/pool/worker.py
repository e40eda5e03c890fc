"""One engine in a worker outside the event loop: a process (for engines that hold the GIL or may crash) or threads.

A worker handles one request at a time, or one per thread. A request that is withdrawn before it starts is never
started. A request that has started runs to its end, and its result is dropped. When a worker dies or hangs, its pending
requests fail and it is replaced.
"""

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from voicelab.engines.pool.clients import current_client
from voicelab.engines.pool.messages import Answer, Request
from voicelab.engines.spec import EngineConfig, EngineInfo
from voicelab.errors import EngineError

JOIN_LIMIT_S = 10.0
"""Seconds to wait for a worker to stop."""
_LOAD_LIMIT_S = 300.0
_HOLD_S = 0.01
_MOST_HELD_S = 0.1
_HELD_OF_LIMIT = 0.25
"""Maximum delay of work without a waiting caller: an amount per open utterance, up to a maximum, and up to this
fraction of the time after which a worker counts as hung.

Batching wakes the worker once, and lets it process more of one utterance before it switches to the next, whose search
graph it must first load into the processor's cache.
"""
_AT_ONCE = ("close", "withdraw")


class Worker(ABC):
    """Base of both kinds of worker: matches answers to callers and detects a hung worker.

    limit_s: a worker counts as hung when it has work but completes nothing for this many seconds, or when one request
    takes longer. threads: see WorkerThreads.
    """

    _noun = "worker"

    def __init__(self, config: EngineConfig, limit_s: float, threads: int = 1) -> None:
        self.open_streams = 0
        self.restarts = 0
        self._config = config
        self._limit_s = limit_s
        self._threads = threads
        self._waiting: dict[int, tuple[int | None, asyncio.Future[Answer]]] = {}
        self._call_ids = itertools.count(1)
        self._known_streams: set[int] = set()
        self._ready: asyncio.Future[EngineInfo] | None = None
        self._alive = False
        self._closing = False
        self._sent = self._done = 0
        self._got_on_s = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._held: dict[int | None, list[Request]] = {}  # by stream
        self._releasing: asyncio.TimerHandle | None = None

    @property
    def queued(self) -> int:
        """Number of calls without an answer."""
        return len(self._waiting)

    @property
    def pid(self) -> int | None:
        """Process id of the engine's own process, or None."""
        return None

    @property
    def is_ready(self) -> bool:
        """Whether the engine is loaded now."""
        ready = self._ready
        return ready is not None and ready.done() and not ready.cancelled() and ready.exception() is None

    async def start(self) -> EngineInfo:
        """Load the engine. Raises EngineError when that fails."""
        self._ready = asyncio.get_running_loop().create_future()
        self._begin()
        return await asyncio.shield(self._ready)

    async def call(self, stream_id: int | None, method: str, *arguments: Any) -> tuple[Any, float]:
        """Return the result and the engine's processing time in seconds. Cancelling withdraws a waiting request."""
        await self._until_ready()
        if stream_id is not None:
            self._check_stream(stream_id, method)
        return await self._call(stream_id, method, *arguments)

    async def post(self, stream_id: int, method: str, *arguments: Any) -> None:
        """Queue work without a waiting caller."""
        await self._until_ready()
        self._check_stream(stream_id, method)
        await self._send(Request(None, stream_id, method, arguments, current_client()))

    def end_stream(self, stream_id: int) -> None:
        """Withdraw the stream's pending requests and close it; waiting callers get an EngineError."""
        for owner, waiting in self._waiting.values():
            if owner == stream_id and not waiting.done():
                waiting.set_exception(EngineError(self._config.name, "the utterance was closed"))
        if stream_id in self._known_streams:
            self._known_streams.remove(stream_id)
            self._hand_over(Request(None, stream_id, "close"))

    @abstractmethod
    async def close(self) -> None:
        """Stop the worker."""

    # Implemented by each kind of worker.

    @abstractmethod
    def _begin(self) -> None:
        """Start a worker and load the engine in it."""

    @abstractmethod
    def _deliver(self, requests: Sequence[Request]) -> None:
        """Send requests, without waiting."""

    async def _taken(self) -> None:
        """Wait while too many requests are queued, if the worker has such a limit."""
        return

    @abstractmethod
    def _discard(self, fault: str) -> None:
        """Abandon the worker and replace it."""

    # Matching answers to callers.

    async def _load(self) -> bool:
        """Return whether the engine was loaded; sets `_ready` either way."""
        assert self._ready is not None
        self._known_streams.clear()
        self._held.clear()
        self._sent = self._done = 0
        self._alive = True
        try:
            info, _ = await self._call(None, "load")
        except EngineError as fault:
            self._fail(fault)
            return False
        self._ready.set_result(info)
        # Later requests have a shorter limit.
        self._unwatch()
        return True

    def _fail(self, fault: EngineError) -> None:
        """Make every later call raise the fault."""
        assert self._ready is not None
        if not self._ready.done():
            self._ready.set_exception(fault)
            self._ready.exception()  # mark the exception as retrieved, so that asyncio does not log it

    async def _until_ready(self) -> None:
        assert self._ready is not None
        if self._ready.done():
            self._ready.result()
        else:
            await asyncio.shield(self._ready)

    async def _call(self, stream_id: int | None, method: str, *arguments: Any) -> tuple[Any, float]:
        if not self._alive:
            # It ended after it became ready and before this caller continued.
            raise EngineError(self._config.name, f"its {self._noun} ended")
        call_id = next(self._call_ids)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = (stream_id, waiting)
        try:
            await self._send(Request(call_id, stream_id, method, arguments, current_client()))
            answer = await waiting
        except asyncio.CancelledError:
            self._hand_over(Request(None, None, "withdraw", (call_id,)))
            raise
        finally:
            self._waiting.pop(call_id, None)
        if answer.error is not None:
            raise answer.error
        return answer.result, answer.busy_s

    async def _send(self, request: Request) -> None:
        self._hand_over(request)
        await self._taken()

    def _hand_over(self, request: Request) -> None:
        if not self._alive:
            return
        if self._done == self._sent:
            self._got_on_s = perf_counter()
        self._sent += 1
        if self._watch is None:
            self._look()
        self._held.setdefault(request.stream_id, []).append(request)
        if request.call_id is not None or request.method in _AT_ONCE:
            self._deliver_held(self._held.pop(request.stream_id))
        elif self._releasing is None:
            hold_s = min(_HOLD_S * self.open_streams, _MOST_HELD_S, _HELD_OF_LIMIT * self._limit_s)
            self._releasing = asyncio.get_running_loop().call_later(hold_s, self._release)

    def _release(self) -> None:
        """Deliver all held requests, one utterance after another."""
        self._releasing = None
        held, self._held = self._held, {}
        self._deliver_held([request for requests in held.values() for request in requests])

    def _deliver_held(self, requests: Sequence[Request]) -> None:
        if self._alive and requests:
            self._deliver(requests)

    def _answered(self, answer: Answer) -> None:
        self._done, self._got_on_s = answer.done, perf_counter() - answer.longest_s
        _, waiting = self._waiting.get(answer.call_id or 0, (None, None))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def _check_stream(self, stream_id: int, method: str) -> None:
        """Reject calls on a stream that began in an earlier, dead worker."""
        if method == "open":
            self._known_streams.add(stream_id)
        elif stream_id not in self._known_streams:
            raise EngineError(self._config.name, f"its {self._noun} ended during this utterance")

    # Detecting a hung worker.

    def _look(self) -> None:
        """Abandon the worker if it has completed nothing for too long; otherwise schedule the next check."""
        assert self._ready is not None
        self._unwatch()
        if self._done < self._sent:
            limit_s = self._limit_s if self._ready.done() else _LOAD_LIMIT_S
            left_s = self._got_on_s + limit_s - perf_counter()
            if left_s > 0:
                self._watch = asyncio.get_running_loop().call_later(left_s, self._look)
            else:
                self._discard(f"it completed nothing for {limit_s:g} s")

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _lose(self, fault: str) -> None:
        """Fail all waiting callers; new calls wait for the replacement."""
        assert self._ready is not None
        self._alive = False
        self._done = self._sent
        self._unwatch()
        if self._ready.done() and not self._closing:
            self._ready = asyncio.get_running_loop().create_future()
        for _, waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(EngineError(self._config.name, fault))
