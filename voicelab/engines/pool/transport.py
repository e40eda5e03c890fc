"""Delivers requests to worker threads: through a queue in this process, or a socket from another one."""

import pickle
import queue
import select
import socket
from collections.abc import Sequence
from typing import Any, Protocol

from voicelab.engines.pool.messages import LENGTH, Request


class RequestTransport(Protocol):
    """Source of requests, read by one thread at a time."""

    def come(self, limit_s: float | None) -> list[Request]:
        """Return all requests received, after waiting up to limit_s seconds for the first (None: no limit).

        Raises EOFError when the transport is closed.
        """


class QueueTransport:
    """Requests from this process."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Sequence[Request]] = queue.SimpleQueue()
        self._closed = False

    def put(self, requests: Sequence[Request]) -> None:
        self._queue.put(requests)

    def close(self) -> None:
        """Close the transport: readers get EOFError, and queued requests are dropped."""
        self._closed = True
        self._queue.put(())

    def come(self, limit_s: float | None) -> list[Request]:
        found: list[Request] = []
        try:
            found += self._queue.get(limit_s != 0, limit_s)
            while not self._closed:
                found += self._queue.get_nowait()
        except queue.Empty:
            pass
        if self._closed:
            raise EOFError
        return found


class SocketTransport:
    """Requests from the process at the other end of a stream socket. Each is a length (LENGTH) and a pickle."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._data = bytearray()
        self._readable = select.poll()
        self._readable.register(peer, select.POLLIN)

    def come(self, limit_s: float | None) -> list[Any]:
        found: list[Any] = []
        wait_ms = None if limit_s is None else 1000 * limit_s
        while self._readable.poll(0 if found else wait_ms):
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
