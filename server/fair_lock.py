"""A lock that serves clients in turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from voicelab.engines.pool.clients import current_client


class FairLock:
    """A lock whose waiting clients get it in turn, and each client's tasks in order of arrival.

    A client with many waiting tasks therefore delays another by one of them, not by all. places: number of tasks that
    may hold the lock at once.
    """

    def __init__(self, places: int = 1) -> None:
        self._free = places
        # Without empty queues; the client that was served last is at the end.
        self._waiting: dict[str | None, deque[asyncio.Future[None]]] = {}

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
        self._waiting.setdefault(client, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release()  # it was this task's turn already
            else:
                self._forget(client, turn)
            raise

    def _release(self) -> None:
        """Pass the lock on, or free a place."""
        while self._waiting:
            client = next(iter(self._waiting))
            turns = self._waiting.pop(client)
            turn = turns.popleft()
            if turns:
                self._waiting[client] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _forget(self, client: str | None, turn: asyncio.Future[None]) -> None:
        turns = self._waiting.get(client)
        if turns is None or turn not in turns:
            return
        turns.remove(turn)
        if not turns:
            del self._waiting[client]
