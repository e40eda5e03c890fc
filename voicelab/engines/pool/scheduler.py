"""What is done next of all that waits for one engine."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain

from voicelab.engines.pool.messages import Answer, Request

TELL_EVERY_S = 0.05
"""How often a worker says that it gets on, while nobody waits for a result."""


class Scheduler:
    """Requests that wait for the engine. One that is withdrawn before its turn is never begun.

    An utterance that is closed comes before all others: it gives back what the next ones need (PocketSphinx's decoder,
    90 MB), and where closing had to wait for a quiet moment, an engine with too much to do would take ever more. Then
    comes one whose result is awaited, before those that are still being spoken: its speaker has nothing to do but wait,
    theirs will not notice. Of those it is the one that has waited longest: with the oldest utterance first the
    youngest fell behind. The requests of one utterance stay in order, and no two of them are ever at work at once.

    It also knows when the other side should hear how many are done: with every answer that somebody waits for, and
    otherwise at most every TELL_EVERY_S: a word for each frame of sound would cost more than the frame.
    """

    def __init__(self) -> None:
        # By utterance, 0 for the engine itself; none is empty. The one that has waited longest comes first.
        self._waiting: dict[int, deque[Request]] = {}
        self._closing: dict[int, None] = {}  # utterances of which nothing but that waits, in the order they came
        self._awaited: dict[int, Request] = {}  # by call, in the order in which they came
        self._begun_s: dict[int, float] = {}  # when the request that is at work was, by utterance
        self._done = 0
        self._told = 0
        self._told_s = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be begun now."""
        return self._waiting.keys() <= self._begun_s.keys()

    @property
    def silent_for_s(self) -> float | None:
        """For how long nothing need be told, 0 when it is time; None when there is nothing to tell."""
        if self._told == self._done:
            return None
        return max(0.0, self._told_s + TELL_EVERY_S - time.perf_counter())

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
            self._awaited[request.call_id] = request

    def take(self) -> Request | None:
        """The request that is to be done next; None when there is none that could be begun now.

        Whoever takes one must say so (`to_tell`) when it was served.
        """
        ranked = chain(self._closing, map(_utterance, self._awaited.values()), self._waiting)
        key = next(self._free(ranked), None)
        if key is None:
            return None
        request = self._waiting[key].popleft()
        if not self._waiting[key]:
            del self._waiting[key]
        self._closing.pop(key, None)
        if request.call_id is not None:
            self._awaited.pop(request.call_id, None)
        self._begun_s[key] = time.perf_counter()
        return request

    def to_tell(self, request: Request | None, served: Answer | None) -> Answer | None:
        """Note that a request was served, if one was, and say what the other side should hear now, if anything."""
        if request is not None:
            self._done += 1
            del self._begun_s[_utterance(request)]
        if served is None or served.call_id is None:
            if self.silent_for_s != 0:
                return None
            served = Answer(None)
        self._told, self._told_s = self._done, time.perf_counter()
        longest_s = self._told_s - min(self._begun_s.values(), default=self._told_s)
        return replace(served, done=self._done, longest_s=longest_s)

    def _free(self, keys: Iterable[int]) -> Iterator[int]:
        """Keys with no request in progress. A single thread has none in progress when it asks."""
        return (key for key in keys if key not in self._begun_s) if self._begun_s else iter(keys)

    def _drop(self, is_withdrawn: Callable[[Request], bool]) -> None:
        kept = {key: deque(one for one in queue if not is_withdrawn(one)) for key, queue in self._waiting.items()}
        self._done += sum(map(len, self._waiting.values())) - sum(map(len, kept.values()))
        self._waiting = {key: queue for key, queue in kept.items() if queue}
        self._awaited = {call: one for call, one in self._awaited.items() if not is_withdrawn(one)}


def _utterance(request: Request) -> int:
    return request.stream_id or 0
