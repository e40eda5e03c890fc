"""One engine in a worker beside the event loop: in a process (engines that hold the GIL or may crash) or in a thread.

A worker handles one request at a time, or as many at once as it has threads. A request that is withdrawn before
it starts is never started; one that has started runs to its end and its result is dropped. When a worker dies or
hangs, its pending requests fail and it is replaced.
"""

from __future__ import annotations

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from voicelab.engines.pool.messages import Answer, Request
from voicelab.engines.spec import EngineConfig, EngineInfo
from voicelab.errors import EngineError

JOIN_LIMIT_S = 10.0
"""How long a worker that was told to end is waited for."""
_LOAD_LIMIT_S = 300.0
_HOLD_S = 0.01
_MOST_HELD_S = 0.1
_HELD_OF_LIMIT = 0.25
"""How long work that nobody waits for may be held: so long for each open utterance, and no longer than the most, nor
than that share of the time after which a worker counts as hung.

The worker is woken once for all of it, and hears more of one utterance before it turns to the next, whose search it
must first bring into the processor's cache.
"""
_AT_ONCE = ("close", "withdraw")


class Worker(ABC):
    """What both kinds share: who waits for which answer, and whether the worker still gets on.

    limit_s: a worker that has something to do and finishes nothing for so long is taken for hung, as is one that is in
    the middle of something for so long, whatever its other threads do. threads: see WorkerThreads.
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
        """How many calls it was given and has not answered."""
        return len(self._waiting)

    @property
    def pid(self) -> int | None:
        """Of the process that the engine has for itself; None when it has none."""
        return None

    @property
    def is_ready(self) -> bool:
        """Whether its engine is loaded now."""
        ready = self._ready
        return ready is not None and ready.done() and not ready.cancelled() and ready.exception() is None

    async def start(self) -> EngineInfo:
        """Load the engine; EngineError when it cannot be."""
        self._ready = asyncio.get_running_loop().create_future()
        self._begin()
        return await asyncio.shield(self._ready)

    async def call(self, stream_id: int | None, method: str, *arguments: Any) -> tuple[Any, float]:
        """The result, and the engine's own time for it. Cancelled, it frees the worker of what had not begun."""
        await self._until_ready()
        if stream_id is not None:
            self._check_stream(stream_id, method)
        return await self._call(stream_id, method, *arguments)

    async def post(self, stream_id: int, method: str, *arguments: Any) -> None:
        """Hand over work that nobody waits for."""
        await self._until_ready()
        self._check_stream(stream_id, method)
        await self._send(Request(None, stream_id, method, arguments))

    def end_stream(self, stream_id: int) -> None:
        """Withdraw what waits for this stream and close it; whoever still waits for it gets an EngineError."""
        for owner, waiting in self._waiting.values():
            if owner == stream_id and not waiting.done():
                waiting.set_exception(EngineError(self._config.name, "the utterance was given up"))
        if stream_id in self._known_streams:
            self._known_streams.remove(stream_id)
            self._hand_over(Request(None, stream_id, "close"))

    @abstractmethod
    async def close(self) -> None:
        """End the worker."""

    # What a kind of worker must say of itself.

    @abstractmethod
    def _begin(self) -> None:
        """Start a worker, and load the engine in it."""

    @abstractmethod
    def _deliver(self, requests: Sequence[Request]) -> None:
        """Give it requests, without waiting."""

    @abstractmethod
    async def _taken(self) -> None:
        """Wait while too much lies before it."""

    @abstractmethod
    def _discard(self, fault: str) -> None:
        """Give the worker up, whatever it is doing, and have it replaced."""

    # Who waits for what.

    async def _load(self) -> bool:
        """Whether the engine could be loaded; the answer to `_ready` either way."""
        assert self._ready is not None
        self._known_streams.clear()
        self._held.clear()
        self._sent = self._done = 0
        self._alive = True
        try:
            info, _ = await self._call(None, "load")
        except EngineError as fault:
            if not self._ready.done():
                self._ready.set_exception(fault)
                self._ready.exception()  # read once here, so that one that nobody awaits makes no noise
            return False
        self._ready.set_result(info)
        # What follows has a shorter limit.
        self._unwatch()
        return True

    async def _until_ready(self) -> None:
        assert self._ready is not None
        if self._ready.done():
            self._ready.result()
        else:
            await asyncio.shield(self._ready)

    async def _call(self, stream_id: int | None, method: str, *arguments: Any) -> tuple[Any, float]:
        call_id = next(self._call_ids)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = (stream_id, waiting)
        try:
            await self._send(Request(call_id, stream_id, method, arguments))
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
        """Deliver all that was held, of one utterance after the other."""
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
        """A stream that began in a worker that died since must not go on, half heard, in the next one."""
        if method == "open":
            self._known_streams.add(stream_id)
        elif stream_id not in self._known_streams:
            raise EngineError(self._config.name, f"its {self._noun} ended in the middle of this utterance")

    # Whether it still gets on.

    def _look(self) -> None:
        """Give up a worker that has had work for too long and finished none; else look again when that may be so."""
        assert self._ready is not None
        self._unwatch()
        if self._done < self._sent:
            limit_s = self._limit_s if self._ready.done() else _LOAD_LIMIT_S
            left_s = self._got_on_s + limit_s - perf_counter()
            if left_s > 0:
                self._watch = asyncio.get_running_loop().call_later(left_s, self._look)
            else:
                self._discard(f"it finished nothing for {limit_s:g} s")

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _lose(self, fault: str) -> None:
        """The worker is gone: who waits fails, and who comes next waits for the one that replaces it."""
        assert self._ready is not None
        self._alive = False
        self._done = self._sent
        self._unwatch()
        if self._ready.done() and not self._closing:
            self._ready = asyncio.get_running_loop().create_future()
        for _, waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(EngineError(self._config.name, fault))
