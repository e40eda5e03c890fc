"""Check that the history is writable, without writing to it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.history.faults import READ_ONLY, is_of_the_database, reason_of

_LIMIT_S = 2.0
_FRESH_S = 1.0
"""Time for which a result is reused, so that many probes cost one query."""


class HistoryHealth:
    """Health check of the database, at most once a second."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._checking = asyncio.Lock()
        self._asked_s = -_FRESH_S
        self._problem: str | None = None

    async def problem(self) -> str | None:
        """Return why turns cannot be stored now; None if they can."""
        async with self._checking:
            if time.monotonic() - self._asked_s > _FRESH_S:
                self._problem = await self._check()
                self._asked_s = time.monotonic()
            return self._problem

    async def _check(self) -> str | None:
        try:
            if self._engine.dialect.name == "sqlite":
                await asyncio.to_thread(check_writable, Path(str(self._engine.url.database)), _LIMIT_S)
                return None
            async with asyncio.timeout(_LIMIT_S), self._engine.connect() as connection:
                read_only = await connection.scalar(text("SHOW transaction_read_only"))
                return READ_ONLY if read_only == "on" else None
        except Exception as error:
            if isinstance(error, sqlite3.Error) or is_of_the_database(error):
                return reason_of(error)
            raise


def check_writable(path: Path, limit_s: float) -> None:
    """Raise sqlite3.Error unless this SQLite history is writable. limit_s: maximum time to wait for a lock.

    BEGIN IMMEDIATE alone succeeds on a read-only file; an UPDATE fails.
    """
    address = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=limit_s, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("UPDATE sessions SET id = id WHERE 1 = 0")
        finally:
            connection.execute("ROLLBACK")
