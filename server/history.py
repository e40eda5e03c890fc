"""Sessions, their turns and the users' watchlists, in an SQLite file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self
from uuid import uuid4

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, delete, event, func, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from voicelab.agent.base import Dialogue, Exchange, Reply
from voicelab.errors import InputError
from voicelab.turn import StageTimes

_WAIT_FOR_LOCK_S = 30

INTERRUPTED = "interrupted"
"""The `error` of a turn whose reply was stopped; its agent_response is what had been spoken."""


class _Base(DeclarativeBase):
    pass


class WatchedTicker(_Base):
    """One line of a user's watchlist; the order of `id` is the order of adding."""

    __tablename__ = "watchlist"
    __table_args__ = (UniqueConstraint("user_id", "ticker"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    user_id: Mapped[str]
    ticker: Mapped[str]
    added_at: Mapped[str]


class SessionRow(_Base):
    """One conversation of one user. Instants are UTC, ISO 8601, all of one length: their order as text is in time."""

    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[str] = mapped_column(index=True)
    updated_at: Mapped[str]


class TurnRow(_Base):
    """One turn, answered or failed (`error` is then its code)."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("session_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"))
    number: Mapped[int]
    created_at: Mapped[str]
    kind: Mapped[str]
    transcription: Mapped[str | None]
    agent_response: Mapped[str | None]
    intent: Mapped[str | None]
    entities: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    stage_times: Mapped[dict[str, float | None]] = mapped_column(JSON)
    audio_bytes_in: Mapped[int]
    audio_bytes_out: Mapped[int]
    error: Mapped[str | None]


@dataclass(slots=True)
class TurnRecord:
    """What is kept of a turn, filled in as it goes on."""

    kind: Literal["spoken", "typed"]
    heard: str | None = None
    reply: Reply | None = None
    times: StageTimes = field(default_factory=StageTimes)
    audio_bytes_in: int = 0
    audio_bytes_out: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session and how many turns it has."""

    session: SessionRow
    turn_count: int


class History:
    """The database; every method is one short transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._transaction = async_sessionmaker(engine, expire_on_commit=False)

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open the file, making it and its tables where they are missing; InputError when that cannot be done."""
        path = Path(make_url(url).database or "")
        engine = create_async_engine(url, connect_args={"timeout": _WAIT_FOR_LOCK_S})
        event.listen(engine.sync_engine, "connect", _prepare)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            async with engine.begin() as connection:
                await connection.run_sync(_Base.metadata.create_all)
        except (OSError, SQLAlchemyError) as error:
            await engine.dispose()
            cause = error.orig if hasattr(error, "orig") else error
            raise InputError(f"DATABASE_URL: the history at {path} cannot be opened: {cause}") from error
        return cls(engine)

    async def close(self) -> None:
        await self._engine.dispose()

    async def start_session(self, user_id: str) -> str:
        """Begin a session; its id."""
        session_id, now = str(uuid4()), _now()
        async with self._transaction.begin() as database:
            database.add(SessionRow(id=session_id, user_id=user_id, created_at=now, updated_at=now))
        return session_id

    async def has_session(self, session_id: str, user_id: str) -> bool:
        """Whether this user has a session of this id."""
        wanted = select(SessionRow.id).where(SessionRow.id == session_id, SessionRow.user_id == user_id)
        async with self._transaction() as database:
            return await database.scalar(wanted) is not None

    async def dialogue(self, session_id: str, user_id: str) -> Dialogue:
        """What the agent may know: the session's answered turns, oldest first, and the user's watchlist.

        A turn whose reply was interrupted counts with what was spoken of it, if anything was.
        """
        broken_off = (TurnRow.error == INTERRUPTED) & (TurnRow.agent_response != "")
        answered = (TurnRow.session_id == session_id, TurnRow.error.is_(None) | broken_off)
        turns = select(TurnRow).where(*answered).order_by(TurnRow.number)
        watched = select(WatchedTicker.ticker).where(WatchedTicker.user_id == user_id).order_by(WatchedTicker.id)
        async with self._transaction() as database:
            exchanges = tuple(_exchange(row) for row in await database.scalars(turns))
            return Dialogue(user_id, exchanges, tuple(await database.scalars(watched)))

    async def record(self, session_id: str, user_id: str, turn: TurnRecord) -> None:
        """Keep a turn and, when it was answered, carry out what its reply promised: both or neither."""
        now, reply = _now(), turn.reply
        # The number is found inside the INSERT: the first statement of the transaction then takes the write lock, and
        # two writers wait for each other instead of meeting on one number.
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
        async with self._transaction.begin() as database:
            await database.execute(insert(TurnRow).values(**row))
            await database.execute(update(SessionRow).where(SessionRow.id == session_id).values(updated_at=now))
            if reply is not None and turn.error is None:
                await _carry_out(database, user_id, reply, now)

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
        turns = select(TurnRow).where(TurnRow.session_id == session_id).order_by(TurnRow.number)
        async with self._transaction() as database:
            row = await database.get(SessionRow, session_id)
            return None if row is None else (row, (await database.scalars(turns)).all())


def _prepare(connection: Any, _record: Any) -> None:
    """WAL: a reader and a writer do not wait for each other; a commit is on disk when it returns."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


async def _carry_out(database: AsyncSession, user_id: str, reply: Reply, now: str) -> None:
    for change in reply.changes:
        listed = (WatchedTicker.user_id == user_id, WatchedTicker.ticker == change.ticker)
        await database.execute(delete(WatchedTicker).where(*listed))
        if change.operation == "add":
            await database.execute(insert(WatchedTicker).values(user_id=user_id, ticker=change.ticker, added_at=now))


def _exchange(row: TurnRow) -> Exchange:
    tickers = tuple(entity["value"] for entity in row.entities if entity["kind"] == "company")
    return Exchange(row.transcription or "", row.agent_response or "", row.intent or "", tickers)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
