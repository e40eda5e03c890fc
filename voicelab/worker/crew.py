"""The threads that serve one engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from voicelab.engines import Blueprint
from voicelab.worker.desk import Desk
from voicelab.worker.requests import Answer, Request
from voicelab.worker.servant import EngineServant


class Crew:
    """So many threads at one engine; more than one for an engine whose utterances share nothing.

    tell: is called with each answer that the other side should hear, in the order in which they were served. The
    threads are daemons, so that one that hangs does not keep the program from ending.
    """

    def __init__(self, blueprint: Blueprint, threads: int, tell: Callable[[Answer], None]) -> None:
        self._servant = EngineServant(blueprint)
        self._tell = tell
        self._desk = Desk()
        self._changed = threading.Condition()
        self._stopping = False
        name = f"{blueprint.kind}-{blueprint.name}"
        self._threads = [threading.Thread(target=self._serve, name=name, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def add(self, requests: Sequence[Request]) -> None:
        with self._changed:
            for request in requests:
                self._desk.add(request)
            self._changed.notify_all()

    def stop(self) -> None:
        """Begin nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def join(self, limit_s: float) -> None:
        """Wait until what was begun is done; for each thread no longer than the limit."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(limit_s)

    def _serve(self) -> None:
        while True:
            with self._changed:
                while not self._stopping and self._desk.is_empty and self._desk.silent_for_s != 0:
                    self._changed.wait(self._desk.silent_for_s)
                if self._stopping:
                    return
                request = self._desk.take()
            served = self._servant.serve(request) if request is not None else None
            with self._changed:
                answer = self._desk.to_tell(request, served)
                if answer is not None and not self._stopping:
                    self._tell(answer)
