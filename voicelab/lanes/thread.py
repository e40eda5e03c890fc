"""An engine in a thread of this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from voicelab.engines import Blueprint
from voicelab.lanes.base import JOIN_LIMIT_S, Lane
from voicelab.worker import Answer, Desk, EngineServant, Request


class ThreadLane(Lane):
    """In a thread of this process. One that hangs cannot be ended, only left behind."""

    def __init__(self, blueprint: Blueprint, limit_s: float) -> None:
        super().__init__(blueprint, limit_s)
        self._thread = _EngineThread(blueprint)
        self._loading: asyncio.Task[bool] | None = None

    def _begin(self) -> None:
        self._thread = thread = _EngineThread(self._blueprint)
        loop = asyncio.get_running_loop()

        def tell(answer: Answer) -> None:
            if thread is self._thread:  # what one that was left behind still says counts no more
                self._answered(answer)

        thread.start(lambda answer: loop.call_soon_threadsafe(tell, answer))
        self._loading = asyncio.create_task(self._load())

    def _deliver(self, requests: Sequence[Request]) -> None:
        self._thread.add(requests)

    async def _taken(self) -> None:
        return

    def _discard(self, fault: str) -> None:
        self._thread.stop()
        failed_to_load = self._ready is not None and not self._ready.done()
        self._lose(fault)
        if not failed_to_load:
            self.restarts += 1
            self._begin()

    async def close(self) -> None:
        self._closing = True
        self._thread.stop()
        self._lose("it was closed")
        await asyncio.to_thread(self._thread.join, JOIN_LIMIT_S)
        if self._loading is not None:
            await self._loading


class _EngineThread:
    """Serves the requests of one lane. A daemon, so that one that hangs does not keep the program from ending."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._servant = EngineServant(blueprint)
        self._desk = Desk()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._name = f"{blueprint.kind}-{blueprint.name}"

    def start(self, tell: Any) -> None:
        self._thread = threading.Thread(target=self._serve, args=(tell,), name=self._name, daemon=True)
        self._thread.start()

    def add(self, requests: Sequence[Request]) -> None:
        with self._changed:
            for request in requests:
                self._desk.add(request)
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def join(self, limit_s: float) -> None:
        if self._thread is not None:
            self._thread.join(limit_s)

    def _serve(self, tell: Any) -> None:
        while True:
            with self._changed:
                while not self._stopping and self._desk.is_empty and self._desk.silent_for_s != 0:
                    self._changed.wait(self._desk.silent_for_s)
                if self._stopping:
                    return
                request = self._desk.take()
            served = self._servant.serve(request) if request is not None else None
            with self._changed:
                answer = self._desk.to_tell(served)
            try:
                if answer is not None:
                    tell(answer)
            except RuntimeError:
                return  # the event loop is closed: nobody listens
