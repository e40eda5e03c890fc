"""The child process that runs one engine: `python -P -m voicelab.engines.pool FD THREADS`.

It reads requests from the socket FD and answers them. Each message is a length (4 bytes, big-endian) and a pickle. The
socket pair is private to the two voicelab processes, so unpickling is safe.
"""

import os
import pickle
import select
import signal
import socket
import sys

from voicelab.engines.pool.messages import LENGTH, Answer
from voicelab.engines.pool.threads import WorkerThreads
from voicelab.engines.pool.transport import SocketTransport

_NICENESS = 5
"""Niceness of a worker, so that the event loop, which serves every client, runs first."""


def main(descriptor: int, threads: int) -> None:
    """Serve until the other end closes the socket, which also happens when the parent is killed."""
    # The parent handles Ctrl-C and SIGHUP (on which the server reloads its tokens).
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICENESS)
    peer = socket.socket(fileno=descriptor)
    transport = SocketTransport(peer)

    def deliver(answer: Answer) -> None:
        data = pickle.dumps(answer)
        peer.sendall(LENGTH.pack(len(data)) + data)

    try:
        config, *first = transport.come(None)
    except (EOFError, ConnectionError):
        return
    WorkerThreads(config, threads, transport, deliver, first=first).start()
    # The other end has closed. Exit at once, even when the engine is busy or hangs.
    gone = select.poll()
    gone.register(peer, 0)
    gone.poll()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
