"""Remove sessions that are older than HISTORY_DAYS."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.history.faults import HistoryUnavailableError
from server.history.store import History
from server.history.tables import SessionRow, TurnRow

logger = logging.getLogger(__name__)

_EVERY_S = 3600.0
_TURNS_AT_ONCE = 500
"""Maximum number of turns per transaction, because other writers wait for it."""


async def keep_removing(history: History, days: float) -> None:
    """Remove old sessions now and every hour, until cancelled. Retries an hour later if the history is unavailable."""
    while True:
        try:
            count = await remove_older(history, days)
            if count:
                logger.info("Removed %d sessions without a turn for %g days (HISTORY_DAYS)", count, days)
        except HistoryUnavailableError as error:
            logger.warning("old sessions could not be removed: %s", error)
        await asyncio.sleep(_EVERY_S)


async def remove_older(history: History, days: float) -> int:
    """Remove sessions without a turn in the last `days` days. Returns the number of sessions removed."""
    oldest = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
    count = 0
    while True:
        async with history.writing() as database:
            session_id = await database.scalar(
                select(SessionRow.id).where(SessionRow.updated_at < oldest).order_by(SessionRow.updated_at).limit(1)
            )
            if session_id is None:
                return count
            count += await _remove_some(database, session_id)


async def _remove_some(database: AsyncSession, session_id: str) -> int:
    """Remove the session's first turns, and the session when none are left. Returns the number of sessions removed."""
    turns = select(TurnRow.id).where(TurnRow.session_id == session_id).order_by(TurnRow.number).limit(_TURNS_AT_ONCE)
    ids = (await database.scalars(turns)).all()
    if ids:
        await database.execute(delete(TurnRow).where(TurnRow.id.in_(ids)))
    if len(ids) == _TURNS_AT_ONCE:
        return 0
    await database.execute(delete(SessionRow).where(SessionRow.id == session_id))
    return 1
