"""The child process that runs one engine: `python -P -m voicelab.engines.pool FD THREADS`.

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

from voicelab.engines.pool.messages import LENGTH, Answer
from voicelab.engines.pool.threads import WorkerThreads
from voicelab.engines.pool.transport import SocketTransport

_NICENESS = 5
"""How much a worker gives way to the event loop, through which all who wait for an engine are heard and answered."""


def main(descriptor: int, threads: int) -> None:
    """Serve until the other end closes, which it also does when its process is killed."""
    # Ctrl-C, and SIGHUP, on which the server reads its tokens again, are the parent's to answer.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICENESS)
    peer = socket.socket(fileno=descriptor)
    transport = SocketTransport(peer)

    def tell(answer: Answer) -> None:
        data = pickle.dumps(answer)
        peer.sendall(LENGTH.pack(len(data)) + data)

    try:
        config, *first = transport.come(None)
    except (EOFError, ConnectionError):
        return
    WorkerThreads(config, threads, transport, tell, first=first).start()
    # Nothing but that the other end is gone. What an engine is in the middle of then, or hangs in, is not waited for.
    gone = select.poll()
    gone.register(peer, 0)
    gone.poll()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
