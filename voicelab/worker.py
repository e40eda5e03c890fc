"""The child process that runs one engine for hosting.py: `python -m voicelab.worker FD`.

It reads requests from the socket FD and answers them. Each is a length (4 bytes, big-endian) and a pickle; both ends
are voicelab, on one machine, over a socket pair that nobody else can open.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from voicelab.asr.base import PartialStream
from voicelab.engines import Blueprint
from voicelab.errors import EngineError, VoicelabError

LENGTH = struct.Struct(">I")
TELL_EVERY_S = 0.05
"""How often a worker says that it gets on, while nobody waits for a result."""
_NICENESS = 5
"""How much a worker gives way to the event loop, through which all who wait for an engine are heard and answered."""


@dataclass(frozen=True, slots=True)
class Request:
    """Call `method` on the engine, or on its stream `stream_id`. With call_id None nobody waits for the result.

    Three methods are the worker's own: "load", "open" and "close" of a stream, and "withdraw" of a call by its id.
    """

    call_id: int | None
    stream_id: int | None
    method: str
    arguments: tuple[Any, ...] = ()

    @property
    def is_awaited(self) -> bool:
        """Whether somebody can do nothing before it is done; what was heard so far is only nice to know."""
        return self.call_id is not None and self.method != "partial"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one call; call_id None only says that the worker got on.

    busy_s: the engine's own time for it, with all that a stream was fed before. done: how many requests are done with.
    """

    call_id: int | None
    result: Any = None
    error: VoicelabError | None = None
    busy_s: float = 0.0
    done: int = 0


class Desk:
    """Requests that wait for the engine. One that is withdrawn before its turn is never begun.

    An utterance whose result is awaited comes before those that are still being spoken: its speaker has nothing to do
    but wait, theirs will not notice. Of those the one that was begun first comes first, for it is likely to be over
    first, and what it has not been heard of by then keeps its speaker waiting. The requests of one utterance stay in
    order.

    It also knows when the other side should hear how many are done: with every answer that somebody waits for, and
    otherwise at most every TELL_EVERY_S: a word for each frame of sound would cost more than the frame.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, deque[Request]] = {}  # by utterance, 0 for the engine itself; none is empty
        self._awaited: deque[Request] = deque()
        self._done = 0
        self._told = 0
        self._told_s = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be done."""
        return not self._waiting

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
        self._waiting.setdefault(request.stream_id or 0, deque()).append(request)
        if request.is_awaited:
            self._awaited.append(request)

    def take(self) -> Request | None:
        """The request that is to be done next; None when all were withdrawn."""
        if not self._waiting:
            return None
        # Streams are numbered as they are begun.
        key = self._awaited[0].stream_id or 0 if self._awaited else min(self._waiting)
        request = self._waiting[key].popleft()
        if not self._waiting[key]:
            del self._waiting[key]
        if request.is_awaited:
            self._awaited.popleft()
        return request

    def to_tell(self, served: Answer | None) -> Answer | None:
        """Note that a request was served, if one was, and say what the other side should hear now, if anything."""
        self._done += served is not None
        if served is None or served.call_id is None:
            if self.silent_for_s != 0:
                return None
            served = Answer(None)
        self._told, self._told_s = self._done, time.perf_counter()
        return replace(served, done=self._done)

    def _drop(self, is_withdrawn: Callable[[Request], bool]) -> None:
        kept = {key: deque(one for one in queue if not is_withdrawn(one)) for key, queue in self._waiting.items()}
        self._done += sum(map(len, self._waiting.values())) - sum(map(len, kept.values()))
        self._waiting = {key: queue for key, queue in kept.items() if queue}
        self._awaited = deque(one for one in self._awaited if not is_withdrawn(one))


@dataclass(slots=True)
class EngineServant:
    """Carries out requests on one engine; the same in a worker process and in a worker thread."""

    blueprint: Blueprint
    _engine: Any = None
    _streams: dict[int, Any] = field(default_factory=dict)
    _busy_s: dict[int, float] = field(default_factory=dict)
    _faults: dict[int, VoicelabError] = field(default_factory=dict)

    def serve(self, request: Request) -> Answer:
        """Do what is asked; what goes wrong with nobody waiting is told at the stream's next call."""
        start = time.perf_counter()
        result, error = None, None
        stream_id = request.stream_id
        try:
            if stream_id is not None and stream_id in self._faults:
                raise self._faults[stream_id]
            result = self._carry_out(request)
        except VoicelabError as known:
            error = known
        except Exception as fault:  # noqa: BLE001 - an engine may raise anything; it becomes an EngineError here
            error = EngineError(self.blueprint.name, f"{type(fault).__name__}: {fault}")
        busy_s = time.perf_counter() - start
        if stream_id is not None:
            busy_s += self._busy_s.get(stream_id, 0.0)
            self._busy_s[stream_id] = busy_s
            if error is not None:
                self._faults[stream_id] = error
            if request.method == "close":
                self._busy_s.pop(stream_id), self._faults.pop(stream_id, None)
        return Answer(None) if request.call_id is None else Answer(request.call_id, result, error, busy_s)

    def _carry_out(self, request: Request) -> Any:
        if request.method == "load":
            self._engine = self.blueprint.build()
            return self._engine.load()
        if request.stream_id is None:
            return getattr(self._engine, request.method)(*request.arguments)
        if request.method == "close":
            stream = self._streams.pop(request.stream_id, None)
            return stream.close() if stream is not None else None
        if request.stream_id not in self._streams:
            self._streams[request.stream_id] = self._engine.stream()
        if request.method == "open":
            return None
        stream = self._streams[request.stream_id]
        if request.method == "partial" and not isinstance(stream, PartialStream):
            return None
        return getattr(stream, request.method)(*request.arguments)


class _Requests:
    """What has come over the socket, message by message; EOFError when the other end is gone."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._data = bytearray()

    def read(self, wait_s: float | None) -> list[Any]:
        """All messages that are there; waits for the first for so long, None: until it comes."""
        found: list[Any] = []
        while select.select([self._peer], [], [], 0 if found else wait_s)[0]:
            piece = self._peer.recv(2**20)
            if not piece:
                raise EOFError
            self._data += piece
            found += self._complete()
        return found

    def _complete(self) -> list[Any]:
        found, start = [], 0
        while len(self._data) - start >= LENGTH.size:
            end = start + LENGTH.size + LENGTH.unpack_from(self._data, start)[0]
            if end > len(self._data):
                break
            found.append(pickle.loads(bytes(self._data[start + LENGTH.size : end])))
            start = end
        del self._data[:start]
        return found


def main(descriptor: int) -> None:
    """Serve until the other end closes, which it also does when its process is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    os.nice(_NICENESS)
    peer = socket.socket(fileno=descriptor)
    requests, desk = _Requests(peer), Desk()
    try:
        blueprint, *first = requests.read(None)
        servant = EngineServant(blueprint)
        for request in first:
            desk.add(request)
        while True:
            # All that came is looked through before the next request is begun: it may have been withdrawn.
            for request in requests.read(desk.silent_for_s if desk.is_empty else 0):
                desk.add(request)
            taken = desk.take()
            answer = desk.to_tell(servant.serve(taken) if taken is not None else None)
            if answer is not None:
                data = pickle.dumps(answer)
                peer.sendall(LENGTH.pack(len(data)) + data)
    except (EOFError, ConnectionError):
        return


if __name__ == "__main__":
    # Through the import, so that what is pickled belongs to voicelab.worker and not to __main__.
    from voicelab.worker import main as serve_forever

    serve_forever(int(sys.argv[1]))
