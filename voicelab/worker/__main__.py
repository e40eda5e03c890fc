"""The child process that runs one engine: `python -m voicelab.worker FD THREADS`.

It reads requests from the socket FD and answers them. Each is a length (4 bytes, big-endian) and a pickle; both ends
are voicelab, on one machine, over a socket pair that nobody else can open.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import sys
from typing import Any

from voicelab.worker.crew import Crew
from voicelab.worker.requests import LENGTH, Answer

_NICENESS = 5
"""How much a worker gives way to the event loop, through which all who wait for an engine are heard and answered."""


class _Requests:
    """What has come over the socket, message by message; EOFError when the other end is gone."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._data = bytearray()

    def read(self) -> list[Any]:
        """All messages that are there; waits for the first."""
        found: list[Any] = []
        while not found or select.select([self._peer], [], [], 0)[0]:
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


def main(descriptor: int, threads: int) -> None:
    """Serve until the other end closes, which it also does when its process is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    os.nice(_NICENESS)
    peer = socket.socket(fileno=descriptor)
    requests = _Requests(peer)

    def tell(answer: Answer) -> None:
        data = pickle.dumps(answer)
        peer.sendall(LENGTH.pack(len(data)) + data)

    try:
        blueprint, *first = requests.read()
        crew = Crew(blueprint, threads, tell)
        crew.add(first)
        crew.start()
        while True:
            crew.add(requests.read())
    except (EOFError, ConnectionError):
        # Nobody listens any more. What an engine is in the middle of, or hangs in, is not waited for.
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
