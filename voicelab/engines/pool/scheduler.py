"""Decides the order of the requests to one engine."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from voicelab.engines.pool.fair_queue import FairQueue
from voicelab.engines.pool.messages import Answer, Request

REPORT_EVERY_S = 0.05
"""Minimum interval in seconds between progress reports while no caller waits for a result."""


class Scheduler:
    """Pending requests of one engine. A request that is withdrawn before its turn is never started.

    Order of service: (1) Closing an utterance, because that frees resources for the next ones (PocketSphinx's decoder
    takes 90 MB); otherwise an overloaded engine would accumulate them. (2) Requests with a blocked caller, by one
    client after another, so that a client with many long replies does not delay the others; those of one client first
    come first served, because serving the oldest utterance first would starve the youngest. (3) Utterances that are
    still being spoken, where a delay goes unnoticed. The requests of one utterance stay in order and never run
    concurrently; calls of the engine itself, such as those of a voice, are independent.

    The scheduler also decides when to report completed requests: with every answer that a caller waits for, and
    otherwise at most every REPORT_EVERY_S seconds, because a report per audio frame would cost more than the frame.
    """

    def __init__(self) -> None:
        # Non-empty queues by utterance, the longest waiting first. A call of the engine itself counts as an utterance.
        self._waiting: dict[int, deque[Request]] = {}
        self._closing: dict[int, None] = {}  # utterances with only a close pending, in order of arrival
        self._awaited: FairQueue[int, Request] = FairQueue()  # by call
        self._begun_s: dict[int, float] = {}  # start time of the running request, by utterance
        self._done = 0
        self._reported = 0
        self._reported_s = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether no request can be started now."""
        return self._waiting.keys() <= self._begun_s.keys()

    @property
    def silent_for_s(self) -> float | None:
        """Seconds until the next progress report is due, 0 when it is due, None when there is nothing to report."""
        if self._reported == self._done:
            return None
        return max(0.0, self._reported_s + REPORT_EVERY_S - time.perf_counter())

    def add(self, request: Request) -> None:
        if request.method == "withdraw":
            self._done += 1
            self._drop(lambda waiting: waiting.call_id == request.arguments[0])
            return
        if request.method == "close":
            self._drop(lambda waiting: waiting.stream_id == request.stream_id)
            self._closing[_utterance(request)] = None
        self._waiting.setdefault(_utterance(request), deque()).append(request)
        if request.call_id is not None and request.is_awaited:
            self._awaited.add(request.client, request.call_id, request)

    def take(self) -> Request | None:
        """Return the next request, or None when none can be started now.

        The caller must call `report` after serving it.
        """
        request = next(self._startable(), None)
        if request is None:
            return None
        key = _utterance(request)
        queue = self._waiting[key]
        queue.popleft()
        if not queue:
            del self._waiting[key]
        self._closing.pop(key, None)
        self._awaited.serve(request.client, request.call_id)
        self._begun_s[key] = time.perf_counter()
        return request

    def report(self, request: Request | None, served: Answer | None) -> Answer | None:
        """Record a served request, if any, and return the report that is due now, if any."""
        if request is not None:
            self._done += 1
            del self._begun_s[_utterance(request)]
        if served is None or served.call_id is None:
            if self.silent_for_s != 0:
                return None
            served = Answer(None)
        self._reported, self._reported_s = self._done, time.perf_counter()
        longest_s = self._reported_s - min(self._begun_s.values(), default=self._reported_s)
        return replace(served, done=self._done, longest_s=longest_s)

    def _startable(self) -> Iterator[Request]:
        """Yield requests that can be started now, in the order of service."""
        for key in self._closing:
            if key not in self._begun_s:
                yield self._waiting[key][0]
        for request in self._awaited:
            if (key := _utterance(request)) not in self._begun_s:
                yield self._waiting[key][0]  # an utterance's earlier requests come first
        for key, queue in self._waiting.items():
            if key not in self._begun_s:
                yield queue[0]

    def _drop(self, is_withdrawn: Callable[[Request], bool]) -> None:
        withdrawn = [request for queue in self._waiting.values() for request in queue if is_withdrawn(request)]
        self._done += len(withdrawn)
        for request in withdrawn:
            key = _utterance(request)
            self._waiting[key].remove(request)
            if not self._waiting[key]:
                del self._waiting[key]
            if request.call_id is not None:
                self._awaited.discard(request.client, request.call_id)


def _utterance(request: Request) -> int:
    """Return the id of the request's stream, or for a call of the engine itself, its negated call id."""
    return request.stream_id if request.stream_id is not None else -(request.call_id or 0)
