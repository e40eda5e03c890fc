"""Remove sessions that are older than HISTORY_DAYS."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection, delete, select

from server.history.faults import HistoryUnavailableError
from server.history.store import History
from server.history.tables import SESSIONS, TURNS

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
    while (removed := await history.database.write(partial(_remove_some, oldest))) is not None:
        count += removed
    return count


def _remove_some(oldest: str, connection: Connection) -> int | None:
    """Remove the first turns of the session that was updated least recently, and the session when none are left.

    Returns the number of sessions removed, or None if no session is older than `oldest`.
    """
    old = select(SESSIONS.c.id).where(SESSIONS.c.updated_at < oldest).order_by(SESSIONS.c.updated_at).limit(1)
    session_id = connection.scalar(old)
    if session_id is None:
        return None
    turns = select(TURNS.c.id).where(TURNS.c.session_id == session_id).order_by(TURNS.c.number).limit(_TURNS_AT_ONCE)
    ids = connection.scalars(turns).all()
    if ids:
        connection.execute(delete(TURNS).where(TURNS.c.id.in_(ids)))
    if len(ids) == _TURNS_AT_ONCE:
        return 0
    connection.execute(delete(SESSIONS).where(SESSIONS.c.id == session_id))
    return 1
