"""A lock that serves clients in turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from voicelab.engines.pool.clients import current_client
from voicelab.engines.pool.fair_queue import FairQueue


class FairLock:
    """A lock whose waiting clients get it in turn. places: number of tasks that may hold it at once."""

    def __init__(self, places: int = 1) -> None:
        self._free = places
        self._waiting: FairQueue[int, asyncio.Future[None]] = FairQueue()

    @asynccontextmanager
    async def held(self, wait_s: float) -> AsyncIterator[None]:
        """Hold the lock in the block. Raises TimeoutError after waiting for wait_s seconds."""
        async with asyncio.timeout(wait_s):
            await self._acquire()
        try:
            yield
        finally:
            self._release()

    async def _acquire(self) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        client = current_client()
        self._waiting.add(client, id(turn), turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release()  # it was this task's turn already
            else:
                self._waiting.discard(client, id(turn))
            raise

    def _release(self) -> None:
        """Pass the lock on, or free a place."""
        while (turn := self._waiting.pop()) is not None:
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
