"""The history's reads and writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Self
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from server.history.database import open_engine, opening_errors, shown
from server.history.records import INTERRUPTED, SessionSummary, TurnRecord
from server.history.schema import migrate
from server.history.tables import SessionRow, TurnRow, WatchedTicker
from voicelab.agent.base import Dialogue, Exchange, Reply
from voicelab.errors import InputError

_WATCHLISTS = 0x766F6963  # the first of the two numbers that name a lock on one user's watchlist


class History:
    """The database; every method is one short transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._transaction = async_sessionmaker(engine, expire_on_commit=False)
        # SQLite has one writer, and who waits for it there looks again and again: here they wait in a line.
        self._line = asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext()

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open the database and bring its tables up to date; InputError when that cannot be done."""
        try:
            await migrate(url)
            return cls(open_engine(url))
        except opening_errors() as error:
            cause = getattr(error, "orig", None) or error
            raise InputError(f"DATABASE_URL: the history at {shown(url)} cannot be opened: {cause}") from error

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncSession]:
        """A transaction that writes; committed when the block ends well."""
        async with self._line, self._transaction.begin() as database:
            yield database

    async def start_session(self, user_id: str, *, connected: bool = True) -> str:
        """Begin a session; its id. connected: it stays open until `end_session`."""
        session_id, now = str(uuid4()), _now()
        ended_at = None if connected else now
        async with self._writing() as database:
            database.add(SessionRow(id=session_id, user_id=user_id, created_at=now, updated_at=now, ended_at=ended_at))
        return session_id

    async def has_session(self, session_id: str, user_id: str) -> bool:
        """Whether this user has a session of this id."""
        if not _is_id(session_id):
            return False
        wanted = select(SessionRow.id).where(SessionRow.id == session_id, SessionRow.user_id == user_id)
        async with self._transaction() as database:
            return await database.scalar(wanted) is not None

    async def resume_session(self, session_id: str, user_id: str) -> bool:
        """Open a session again, if this user has one of this id."""
        if not _is_id(session_id):
            return False
        theirs = (SessionRow.id == session_id, SessionRow.user_id == user_id)
        reopened = update(SessionRow).where(*theirs).values(ended_at=None).returning(SessionRow.id)
        async with self._writing() as database:
            return await database.scalar(reopened) is not None

    async def end_session(self, session_id: str) -> None:
        """Its connection has closed."""
        async with self._writing() as database:
            await database.execute(update(SessionRow).where(SessionRow.id == session_id).values(ended_at=_now()))

    async def dialogue(self, session_id: str, user_id: str) -> Dialogue:
        """What the agent may know: the session's answered turns, oldest first, and the user's watchlist.

        A turn whose reply was interrupted counts with what was heard of it, if anything was.
        """
        broken_off = (TurnRow.error == INTERRUPTED) & (TurnRow.agent_response != "")
        answered = (TurnRow.session_id == session_id, TurnRow.error.is_(None) | broken_off)
        turns = select(TurnRow).where(*answered).order_by(TurnRow.number)
        watched = select(WatchedTicker.ticker).where(WatchedTicker.user_id == user_id).order_by(WatchedTicker.id)
        async with self._transaction() as database:
            exchanges = tuple(_exchange(row) for row in await database.scalars(turns))
            return Dialogue(user_id, exchanges, tuple(await database.scalars(watched)))

    async def record(self, session_id: str, user_id: str, turn: TurnRecord) -> int:
        """Keep a turn and, when it was answered, carry out what its reply promised: both or neither; its row's id."""
        now, reply = _now(), turn.reply
        last = select(func.coalesce(func.max(TurnRow.number), 0)).where(TurnRow.session_id == session_id)
        row = {
            "session_id": session_id,
            "number": last.scalar_subquery() + 1,
            "created_at": now,
            "kind": turn.kind,
            "transcription": turn.heard,
            "agent_response": reply.text if reply else None,
            "intent": reply.intent if reply else None,
            "entities": [asdict(entity) for entity in reply.entities] if reply else [],
            "stage_times": asdict(turn.times),
            "audio_bytes_in": turn.audio_bytes_in,
            "audio_bytes_out": turn.audio_bytes_out,
            "error": turn.error,
        }
        async with self._writing() as database:
            # First the session's row, or in SQLite the file, is locked: two writers wait for each other instead of
            # meeting on one number.
            await database.execute(update(SessionRow).where(SessionRow.id == session_id).values(updated_at=now))
            row_id: int = (await database.execute(insert(TurnRow).values(**row).returning(TurnRow.id))).scalar_one()
            if reply is not None and turn.error is None:
                await _carry_out(database, user_id, reply, now)
            return row_id

    async def shorten_answer(self, turn: TurnRecord, heard: str) -> None:
        """Of an answered turn's reply only this was heard; what it promised stays carried out."""
        shortened = update(TurnRow).where(TurnRow.id == turn.row_id).values(agent_response=heard)
        async with self._writing() as database:
            await database.execute(shortened)

    async def sessions(self, user_id: str | None, *, limit: int, offset: int) -> tuple[Sequence[SessionSummary], int]:
        """A page of sessions, newest first, of one user or of all; and how many there are in all."""
        turn_count = select(func.count()).where(TurnRow.session_id == SessionRow.id).scalar_subquery()
        page, total = select(SessionRow, turn_count), select(func.count()).select_from(SessionRow)
        if user_id is not None:
            page, total = page.where(SessionRow.user_id == user_id), total.where(SessionRow.user_id == user_id)
        page = page.order_by(SessionRow.created_at.desc(), SessionRow.id).limit(limit).offset(offset)
        async with self._transaction() as database:
            found = [SessionSummary(row, count) for row, count in await database.execute(page)]
            return found, await database.scalar(total) or 0

    async def session(self, session_id: str) -> tuple[SessionRow, Sequence[TurnRow]] | None:
        """A session and its turns in order, or None."""
        if not _is_id(session_id):
            return None
        turns = select(TurnRow).where(TurnRow.session_id == session_id).order_by(TurnRow.number)
        async with self._transaction() as database:
            row = await database.get(SessionRow, session_id)
            return None if row is None else (row, (await database.scalars(turns)).all())


async def _carry_out(database: AsyncSession, user_id: str, reply: Reply, now: str) -> None:
    if reply.changes and database.get_bind().dialect.name == "postgresql":
        # One user's changes come one after another; in SQLite all writers do.
        await database.execute(select(func.pg_advisory_xact_lock(_WATCHLISTS, func.hashtext(user_id))))
    for change in reply.changes:
        listed = (WatchedTicker.user_id == user_id, WatchedTicker.ticker == change.ticker)
        await database.execute(delete(WatchedTicker).where(*listed))
        if change.operation == "add":
            await database.execute(insert(WatchedTicker).values(user_id=user_id, ticker=change.ticker, added_at=now))


def _exchange(row: TurnRow) -> Exchange:
    tickers = tuple(entity["value"] for entity in row.entities if entity["kind"] == "company")
    return Exchange(row.transcription or "", row.agent_response or "", row.intent or "", tickers)


def _is_id(session_id: str) -> bool:
    """Whether it looks like one of ours; anything else need not be looked up."""
    try:
        return str(UUID(session_id)) == session_id
    except ValueError:
        return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
