"""Read and write the history."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy import String, cast, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from server.fair_lock import FairLock
from server.history.database import DEFAULT_LIMIT_S, open_engine, scrubbed, shown
from server.history.faults import (
    HistoryUnavailableError,
    SessionFullError,
    SessionGoneError,
    is_of_the_database,
    opening_errors,
    reason_of,
)
from server.history.health import HistoryHealth
from server.history.records import INTERRUPTED, SessionSummary, StoredTurn, TurnRecord
from server.history.schema import migrate
from server.history.sign_ins import SignIns
from server.history.tables import SessionRow, TurnRow, WatchedTicker
from voicelab.agent.base import Dialogue, Exchange, Reply
from voicelab.errors import InputError

logger = logging.getLogger(__name__)

_WATCHLISTS = 0x766F6963  # first of the two keys of the advisory lock on a user's watchlist
_LOG_EVERY_S = 1.0
_TURN_COLUMNS = (
    TurnRow.number,
    TurnRow.created_at,
    TurnRow.kind,
    TurnRow.transcription,
    TurnRow.agent_response,
    TurnRow.intent,
    # As text, because SQLAlchemy would parse the JSON of all rows in the event loop.
    cast(TurnRow.entities, String),
    cast(TurnRow.stage_times, String),
    TurnRow.audio_bytes_in,
    TurnRow.audio_bytes_out,
    TurnRow.error,
    cast(TurnRow.tool_calls, String),
)


@dataclass(frozen=True, slots=True)
class HistoryLimits:
    """Limits of the history.

    exchanges: number of a session's last answered turns that the agent gets. turns: maximum number of turns per
    session. wait_s: seconds to wait for the write lock, and again for the database.
    """

    exchanges: int = 20
    turns: int = 10_000
    wait_s: float = DEFAULT_LIMIT_S


class History:
    """The history database. Every method is one short transaction.

    All methods raise HistoryUnavailableError when the database is unavailable. failures: number of these errors.
    """

    def __init__(self, engine: AsyncEngine, limits: HistoryLimits | None = None) -> None:
        self._engine = engine
        self._limits = limits or HistoryLimits()
        self._transaction = async_sessionmaker(engine, expire_on_commit=False)
        # SQLite allows one writer and makes the others poll. This lock queues them instead.
        self._writers = FairLock(1 if engine.dialect.name == "sqlite" else 1_000_000)
        self._logged_s = 0.0
        self.failures = 0
        self.health = HistoryHealth(engine)

    @classmethod
    async def open(cls, url: str, limits: HistoryLimits | None = None) -> Self:
        """Open the database and migrate it. Raises InputError if that fails."""
        limits = limits or HistoryLimits()
        try:
            await migrate(url)
            return cls(open_engine(url, limit_s=limits.wait_s), limits)
        except _opening_errors() as error:
            cause = scrubbed(str(getattr(error, "orig", None) or error), url)
            raise InputError(f"DATABASE_URL: the history at {shown(url)} cannot be opened: {cause}") from error

    async def close(self) -> None:
        await self._engine.dispose()

    @property
    def sign_ins(self) -> SignIns:
        """The sign-ins on the web page."""
        return SignIns(self._reading, self.writing)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Start a write transaction, committed when the block ends without an exception."""
        with self._faults():
            async with self._writers.held(self._limits.wait_s), self._transaction.begin() as database:
                yield database

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncSession]:
        with self._faults():
            async with self._transaction() as database:
                yield database

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Convert errors of the database to HistoryUnavailableError; count them, and log at most one a second."""
        try:
            yield
        except Exception as error:
            if not is_of_the_database(error):
                raise
            self.failures += 1
            reason = reason_of(error)
            if time.monotonic() - self._logged_s > _LOG_EVERY_S:
                self._logged_s = time.monotonic()
                cause = " ".join(str(getattr(error, "orig", None) or error).split())
                logger.warning("the history cannot be used: %s (%s: %s)", reason, type(error).__name__, cause)
            raise HistoryUnavailableError(reason) from error

    async def start_session(self, user_id: str, *, connected: bool = True) -> str:
        """Start a session and return its id. connected: the session stays open until `end_session`."""
        session_id, now = str(uuid4()), _now()
        ended_at = None if connected else now
        async with self.writing() as database:
            database.add(SessionRow(id=session_id, user_id=user_id, created_at=now, updated_at=now, ended_at=ended_at))
        return session_id

    async def has_session(self, session_id: str, user_id: str) -> bool:
        """Return whether this user has a session with this id."""
        if not _is_id(session_id):
            return False
        wanted = select(SessionRow.id).where(SessionRow.id == session_id, SessionRow.user_id == user_id)
        async with self._reading() as database:
            return await database.scalar(wanted) is not None

    async def resume_session(self, session_id: str, user_id: str) -> bool:
        """Reopen a session. Returns whether this user has a session with this id."""
        if not _is_id(session_id):
            return False
        theirs = (SessionRow.id == session_id, SessionRow.user_id == user_id)
        reopened = update(SessionRow).where(*theirs).values(ended_at=None).returning(SessionRow.id)
        async with self.writing() as database:
            return await database.scalar(reopened) is not None

    async def end_session(self, session_id: str) -> None:
        """Store that the session's last connection has closed."""
        async with self.writing() as database:
            await database.execute(update(SessionRow).where(SessionRow.id == session_id).values(ended_at=_now()))

    async def dialogue(self, session_id: str, user_id: str) -> Dialogue:
        """Return the agent's context: the session's last answered turns, oldest first, and the user's watchlist.

        An interrupted turn counts with the part of the reply that was heard, unless it is empty. Only the latest turns
        are searched, four per requested exchange. Raises SessionFullError when the session has MAX_SESSION_TURNS.
        """
        wanted = self._limits.exchanges
        broken_off = (TurnRow.error == INTERRUPTED) & (TurnRow.agent_response != "")
        watched = select(WatchedTicker.ticker).where(WatchedTicker.user_id == user_id).order_by(WatchedTicker.id)
        async with self._reading() as database:
            last = await database.scalar(_last_number(session_id))
            if last >= self._limits.turns:
                raise SessionFullError(
                    f"session {session_id} has the maximum of {last} turns (MAX_SESSION_TURNS); "
                    "start a new one without session_id"
                )
            turns = (
                select(TurnRow.transcription, TurnRow.agent_response, TurnRow.intent, TurnRow.entities)
                .where(TurnRow.session_id == session_id, TurnRow.number > last - 4 * wanted)
                .where(TurnRow.error.is_(None) | broken_off)
                .order_by(TurnRow.number.desc())
                .limit(wanted)
            )
            exchanges = [_exchange(*row) for row in await database.execute(turns)]
            return Dialogue(user_id, tuple(reversed(exchanges)), tuple(await database.scalars(watched)))

    async def record(self, session_id: str, user_id: str, turn: TurnRecord) -> int | None:
        """Store a turn and, if it was answered, the watchlist changes of its reply, in one transaction.

        Returns the id of the row; None for a failed turn of a full session, which is not stored. Raises
        SessionGoneError if the session was removed.
        """
        now, reply = _now(), turn.reply
        row = {
            "session_id": session_id,
            "created_at": now,
            "kind": turn.kind,
            "transcription": turn.heard,
            "agent_response": reply.text if reply else None,
            "intent": reply.intent if reply else None,
            "entities": [asdict(entity) for entity in reply.entities] if reply else [],
            "stage_times": turn.times.model_dump(),
            "audio_bytes_in": turn.audio_bytes_in,
            "audio_bytes_out": turn.audio_bytes_out,
            "error": turn.error,
            "tool_calls": [asdict(call) for call in reply.tool_calls] if reply else [],
        }
        async with self.writing() as database:
            # This locks the session's row (in SQLite the file), so that concurrent writers get different numbers.
            session = update(SessionRow).where(SessionRow.id == session_id).values(updated_at=now)
            if await database.scalar(session.returning(SessionRow.id)) is None:
                raise SessionGoneError(f"session {session_id} no longer exists; start a new one")
            number = await database.scalar(_last_number(session_id)) + 1
            if number > self._limits.turns and turn.error is not None:
                return None
            added = insert(TurnRow).values(number=number, **row).returning(TurnRow.id)
            row_id: int = (await database.execute(added)).scalar_one()
            if reply is not None and turn.error is None:
                await _apply_changes(database, user_id, reply, now)
            return row_id

    async def shorten_answer(self, turn: TurnRecord, heard: str) -> None:
        """Replace the stored reply of an answered turn by the part that was heard. Its watchlist changes remain."""
        shortened = update(TurnRow).where(TurnRow.id == turn.row_id).values(agent_response=heard)
        async with self.writing() as database:
            await database.execute(shortened)

    async def sessions(self, user_id: str | None, *, limit: int, offset: int) -> tuple[Sequence[SessionSummary], int]:
        """Return a page of sessions, newest first, and their total number. user_id: None selects all users."""
        turn_count = _last_number(SessionRow.id).correlate(SessionRow).scalar_subquery()
        page, total = select(SessionRow, turn_count), select(func.count()).select_from(SessionRow)
        if user_id is not None:
            page, total = page.where(SessionRow.user_id == user_id), total.where(SessionRow.user_id == user_id)
        page = page.order_by(SessionRow.created_at.desc(), SessionRow.id).limit(limit).offset(offset)
        async with self._reading() as database:
            found = [SessionSummary(row, count) for row, count in await database.execute(page)]
            return found, await database.scalar(total) or 0

    async def session(self, session_id: str) -> SessionSummary | None:
        """Return a session, or None."""
        if not _is_id(session_id):
            return None
        async with self._reading() as database:
            row = await database.get(SessionRow, session_id)
            return None if row is None else SessionSummary(row, await database.scalar(_last_number(session_id)))

    async def turns(self, session_id: str, *, limit: int, offset: int = 0) -> Sequence[StoredTurn]:
        """Return turns of a session in order, starting with number offset + 1."""
        wanted = select(*_TURN_COLUMNS).where(TurnRow.session_id == session_id, TurnRow.number > offset)
        async with self._reading() as database:
            rows: Sequence[Any] = (await database.execute(wanted.order_by(TurnRow.number).limit(limit))).all()
            return [StoredTurn(*row) for row in rows]


def _opening_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of a failed connection, and ValueError, which asyncpg raises for invalid URLs."""
    return (ValueError, *opening_errors())


def _last_number(session_id: Any) -> Any:
    """Select the number of turns of a session. Turns are numbered from 1 without gaps; COUNT would read all of them."""
    return select(func.coalesce(func.max(TurnRow.number), 0)).where(TurnRow.session_id == session_id)


async def _apply_changes(database: AsyncSession, user_id: str, reply: Reply, now: str) -> None:
    if reply.changes and database.get_bind().dialect.name == "postgresql":
        # Serialize the changes of one user; SQLite serializes all writers.
        await database.execute(select(func.pg_advisory_xact_lock(_WATCHLISTS, func.hashtext(user_id))))
    for change in reply.changes:
        listed = (WatchedTicker.user_id == user_id, WatchedTicker.ticker == change.ticker)
        await database.execute(delete(WatchedTicker).where(*listed))
        if change.operation == "add":
            await database.execute(insert(WatchedTicker).values(user_id=user_id, ticker=change.ticker, added_at=now))


def _exchange(
    heard: str | None, answer: str | None, intent: str | None, entities: Sequence[dict[str, Any]]
) -> Exchange:
    tickers = tuple(entity["value"] for entity in entities if entity["kind"] == "company")
    return Exchange(heard or "", answer or "", intent or "", tickers)


def _is_id(session_id: str) -> bool:
    """Return whether the text is a session id (a UUID); anything else needs no query."""
    try:
        return str(UUID(session_id)) == session_id
    except ValueError:
        return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
