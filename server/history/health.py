"""Check that the history is writable, without writing to it."""

import asyncio
import sqlite3
import time

from server.history.database import Database
from server.history.faults import HistoryUnavailableError, is_of_the_database, reason_of

_LIMIT_S = 2.0
_FRESH_S = 1.0
"""Time for which a result is reused, so that many probes cost one query."""


class HistoryHealth:
    """Health check of the database, at most once a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
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
            await self._database.check_writable(_LIMIT_S)
        except HistoryUnavailableError as error:
            return error.reason
        except Exception as error:
            if isinstance(error, sqlite3.Error) or is_of_the_database(error):
                return reason_of(error)
            raise
        return None
