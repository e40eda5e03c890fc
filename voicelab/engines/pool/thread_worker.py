"""An engine in threads of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from voicelab.engines.pool.messages import Answer, Request
from voicelab.engines.pool.threads import Crew
from voicelab.engines.pool.transport import QueueIntake
from voicelab.engines.pool.worker import JOIN_LIMIT_S, Lane
from voicelab.engines.spec import Blueprint


class ThreadLane(Lane):
    """In threads of this process. One that hangs cannot be ended, only left behind."""

    def __init__(self, blueprint: Blueprint, limit_s: float, threads: int = 1) -> None:
        super().__init__(blueprint, limit_s, threads)
        self._crew: Crew | None = None
        self._intake = QueueIntake()
        self._loading: asyncio.Task[bool] | None = None

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        intake = QueueIntake()

        def take(answer: Answer) -> None:
            if intake is self._intake:  # what one that was left behind still says counts no more
                self._answered(answer)

        def tell(answer: Answer) -> None:
            try:
                loop.call_soon_threadsafe(take, answer)
            except RuntimeError:
                intake.close()  # the event loop is closed: nobody listens

        self._intake = intake
        self._crew = Crew(self._blueprint, self._threads, intake, tell)
        self._crew.start()
        self._loading = asyncio.create_task(self._load())

    def _deliver(self, requests: Sequence[Request]) -> None:
        self._intake.put(requests)

    async def _taken(self) -> None:
        return

    def _discard(self, fault: str) -> None:
        self._intake.close()
        failed_to_load = self._ready is not None and not self._ready.done()
        self._lose(fault)
        if not failed_to_load:
            self.restarts += 1
            self._begin()

    async def close(self) -> None:
        self._closing = True
        self._intake.close()
        self._lose("it was closed")
        if self._crew is not None:
            await asyncio.to_thread(self._crew.join, JOIN_LIMIT_S)
        if self._loading is not None:
            await self._loading
