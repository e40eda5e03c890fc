"""The child process that runs one engine for hosting.py: `python -m voicelab.worker FD`.

It reads requests from the socket FD and answers them in order. Each is a length (4 bytes, big-endian) and a pickle;
both ends are voicelab, on one machine, over a socket pair that nobody else can open.
"""

from __future__ import annotations

import pickle
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from voicelab.engines import Blueprint
from voicelab.errors import EngineError, VoicelabError

LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Request:
    """Call `method` on the engine, or on its stream `stream_id`. With call_id None nobody waits for the answer."""

    call_id: int | None
    stream_id: int | None
    method: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one call. busy_s: the engine's own time for it, with all that a stream was fed before."""

    call_id: int
    result: Any
    error: VoicelabError | None
    busy_s: float


@dataclass(slots=True)
class EngineServant:
    """Carries out requests on one engine; the same in a worker process and in a worker thread."""

    blueprint: Blueprint
    _engine: Any = None
    _streams: dict[int, Any] = field(default_factory=dict)
    _busy_s: dict[int, float] = field(default_factory=dict)
    _faults: dict[int, VoicelabError] = field(default_factory=dict)

    def serve(self, request: Request) -> Answer | None:
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
        return None if request.call_id is None else Answer(request.call_id, result, error, busy_s)

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
        return getattr(self._streams[request.stream_id], request.method)(*request.arguments)


def _read_exactly(peer: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = peer.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def main(descriptor: int) -> None:
    """Serve until the other end closes, which it also does when its process is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    peer = socket.socket(fileno=descriptor)
    blueprint: Blueprint = pickle.loads(_read_exactly(peer, *LENGTH.unpack(_read_exactly(peer, LENGTH.size))))
    servant = EngineServant(blueprint)
    try:
        while True:
            (size,) = LENGTH.unpack(_read_exactly(peer, LENGTH.size))
            answer = servant.serve(pickle.loads(_read_exactly(peer, size)))
            if answer is not None:
                data = pickle.dumps(answer)
                peer.sendall(LENGTH.pack(len(data)) + data)
    except (EOFError, ConnectionError):
        return


if __name__ == "__main__":
    # Through the import, so that what is pickled belongs to voicelab.worker and not to __main__.
    from voicelab.worker import main as serve_forever

    serve_forever(int(sys.argv[1]))
