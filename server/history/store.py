"""Read and write the history."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy import JSON, Connection, String, bindparam, cast, delete, func, insert, select, update

from server.history.addresses import scrubbed, shown
from server.history.database import DEFAULT_LIMIT_S, Database, open_database
from server.history.faults import SessionFullError, SessionGoneError, opening_errors
from server.history.records import INTERRUPTED, SessionSummary, StoredTurn, TurnRecord
from server.history.schema import migrate
from server.history.sign_ins import SignIns
from server.history.tables import SESSIONS, TURNS, WATCHLIST
from voicelab.agent.base import Dialogue, Exchange, WatchlistChange
from voicelab.errors import InputError

_WATCHLISTS = 0x766F6963  # first of the two keys of the advisory lock on a user's watchlist


_COLUMNS = [TURNS.c[one.name] for one in fields(StoredTurn)]
_TURN_COLUMNS = [cast(one, String) if isinstance(one.type, JSON) else one for one in _COLUMNS]


def _last_number(session_id: Any) -> Any:
    """Select the number of turns of a session. Turns are numbered from 1 without gaps; COUNT would read all of them."""
    return select(func.coalesce(func.max(TURNS.c.number), 0)).where(TURNS.c.session_id == session_id)


# The statements of every turn are built once, because building them takes longer than running them.
_SESSION_ID = bindparam("id_of_session", type_=String)
_LAST_NUMBER = _last_number(_SESSION_ID)
_LAST_EXCHANGES = (
    select(TURNS.c.transcription, TURNS.c.agent_response, TURNS.c.intent, TURNS.c.entities)
    .where(TURNS.c.session_id == _SESSION_ID, TURNS.c.number > bindparam("after"))
    .where(TURNS.c.error.is_(None) | ((TURNS.c.error == INTERRUPTED) & (TURNS.c.agent_response != "")))
    .order_by(TURNS.c.number.desc())
    .limit(bindparam("most"))
)
_WATCHED = select(WATCHLIST.c.ticker).where(WATCHLIST.c.user_id == bindparam("user")).order_by(WATCHLIST.c.id)
_TOUCH_SESSION = (
    update(SESSIONS).where(SESSIONS.c.id == _SESSION_ID).values(updated_at=bindparam("now")).returning(SESSIONS.c.id)
)
_ADD_TURN = insert(TURNS).returning(TURNS.c.id)


@dataclass(frozen=True, slots=True)
class HistoryLimits:
    """Limits of the history.

    exchanges: number of a session's last answered turns that the agent gets. turns: maximum number of turns per
    session. wait_s: seconds to wait for the other writers, and again for the database.
    """

    exchanges: int = 20
    turns: int = 10_000
    wait_s: float = DEFAULT_LIMIT_S


class History:
    """The history. Every method is one short transaction.

    All methods raise HistoryUnavailableError when the database is unavailable. database: for further transactions.
    """

    def __init__(self, database: Database, limits: HistoryLimits) -> None:
        self.database = database
        self.sign_ins = SignIns(database)
        self._limits = limits

    @classmethod
    async def open(cls, url: str, limits: HistoryLimits | None = None) -> Self:
        """Open the database and migrate it. Raises InputError if that fails."""
        limits = limits or HistoryLimits()
        try:
            await migrate(url)
            return cls(open_database(url, limits.wait_s), limits)
        except Exception as error:
            if not isinstance(error, (ValueError, *opening_errors())):  # asyncpg: ValueError for an invalid URL
                raise
            cause = scrubbed(str(getattr(error, "orig", None) or error), url)
            raise InputError(f"DATABASE_URL: the history at {shown(url)} cannot be opened: {cause}") from error

    async def close(self) -> None:
        await self.database.close()

    async def start_session(self, user_id: str, *, connected: bool = True) -> str:
        """Start a session and return its id. connected: the session stays open until `end_session`."""
        session_id, now = str(uuid4()), _now()
        ended_at = None if connected else now
        row = {"id": session_id, "user_id": user_id, "created_at": now, "updated_at": now, "ended_at": ended_at}
        await self.database.write(lambda connection: connection.execute(insert(SESSIONS), row))
        return session_id

    async def has_session(self, session_id: str, user_id: str) -> bool:
        """Return whether this user has a session with this id."""
        if not _is_id(session_id):
            return False
        wanted = select(SESSIONS.c.id).where(SESSIONS.c.id == session_id, SESSIONS.c.user_id == user_id)
        return await self.database.read(lambda connection: connection.scalar(wanted)) is not None

    async def resume_session(self, session_id: str, user_id: str) -> bool:
        """Reopen a session. Returns whether this user has a session with this id."""
        if not _is_id(session_id):
            return False
        theirs = (SESSIONS.c.id == session_id, SESSIONS.c.user_id == user_id)
        reopened = update(SESSIONS).where(*theirs).values(ended_at=None).returning(SESSIONS.c.id)
        return await self.database.write(lambda connection: connection.scalar(reopened)) is not None

    async def end_session(self, session_id: str) -> None:
        """Store that the session's last connection has closed."""
        ended = update(SESSIONS).where(SESSIONS.c.id == session_id).values(ended_at=_now())
        await self.database.write(lambda connection: connection.execute(ended))

    async def dialogue(self, session_id: str, user_id: str) -> Dialogue:
        """Return the agent's context: the session's last answered turns, oldest first, and the user's watchlist.

        An interrupted turn counts with the part of the reply that was heard, unless it is empty. Only the latest turns
        are searched, four per requested exchange. Raises SessionFullError when the session has MAX_SESSION_TURNS.
        """
        return await self.database.read(partial(_dialogue, session_id, user_id, self._limits))

    async def record(self, session_id: str, user_id: str, turn: TurnRecord) -> int | None:
        """Store a turn and, if it was answered, the watchlist changes of its reply, in one transaction.

        Returns the id of the row; None for a failed turn of a full session, which is not stored. Raises
        SessionGoneError if the session was removed.
        """
        # Copied here, because the turn may change while a thread stores it.
        row = {"session_id": session_id, "created_at": _now(), **_turn_fields(turn)}
        changes = turn.reply.changes if turn.reply is not None and turn.error is None else ()
        return await self.database.write(partial(_record, row, user_id, changes, self._limits))

    async def shorten_answer(self, turn: TurnRecord, heard: str) -> None:
        """Replace the stored reply of an answered turn by the part that was heard. Its watchlist changes remain."""
        shortened = update(TURNS).where(TURNS.c.id == turn.row_id).values(agent_response=heard)
        await self.database.write(lambda connection: connection.execute(shortened))

    async def sessions(self, user_id: str | None, *, limit: int, offset: int) -> tuple[Sequence[SessionSummary], int]:
        """Return a page of sessions, newest first, and their total number. user_id: None selects all users."""
        page, total = _summaries(), select(func.count()).select_from(SESSIONS)
        if user_id is not None:
            page, total = page.where(SESSIONS.c.user_id == user_id), total.where(SESSIONS.c.user_id == user_id)
        page = page.order_by(SESSIONS.c.created_at.desc(), SESSIONS.c.id).limit(limit).offset(offset)

        def found(connection: Connection) -> tuple[Sequence[SessionSummary], int]:
            return [SessionSummary(*row) for row in connection.execute(page)], connection.scalar(total) or 0

        return await self.database.read(found)

    async def session(self, session_id: str) -> SessionSummary | None:
        """Return a session, or None."""
        if not _is_id(session_id):
            return None
        wanted = _summaries().where(SESSIONS.c.id == session_id)
        row = await self.database.read(lambda connection: connection.execute(wanted).one_or_none())
        return None if row is None else SessionSummary(*row)

    async def turns(self, session_id: str, *, limit: int, offset: int = 0) -> Sequence[StoredTurn]:
        """Return turns of a session in order, starting with number offset + 1."""
        wanted = select(*_TURN_COLUMNS).where(TURNS.c.session_id == session_id, TURNS.c.number > offset)
        wanted = wanted.order_by(TURNS.c.number).limit(limit)
        return await self.database.read(lambda connection: [StoredTurn(*row) for row in connection.execute(wanted)])


def _dialogue(session_id: str, user_id: str, limits: HistoryLimits, connection: Connection) -> Dialogue:
    of_session = {"id_of_session": session_id}
    last = connection.scalar(_LAST_NUMBER, of_session)
    if last >= limits.turns:
        raise SessionFullError(
            f"session {session_id} has the maximum of {last} turns (MAX_SESSION_TURNS); "
            "start a new one without session_id"
        )
    window = {"after": last - 4 * limits.exchanges, "most": limits.exchanges}
    exchanges = [_exchange(*row) for row in connection.execute(_LAST_EXCHANGES, of_session | window)]
    watchlist = connection.scalars(_WATCHED, {"user": user_id})
    return Dialogue(user_id, tuple(reversed(exchanges)), tuple(watchlist))


def _record(
    turn: dict[str, Any],
    user_id: str,
    changes: Sequence[WatchlistChange],
    limits: HistoryLimits,
    connection: Connection,
) -> int | None:
    session_id, now = turn["session_id"], turn["created_at"]
    # This locks the session's row (in SQLite the file), so that concurrent writers get different numbers.
    if connection.scalar(_TOUCH_SESSION, {"id_of_session": session_id, "now": now}) is None:
        raise SessionGoneError(f"session {session_id} no longer exists; start a new one")
    number = connection.scalar(_LAST_NUMBER, {"id_of_session": session_id}) + 1
    if number > limits.turns and turn["error"] is not None:
        return None
    row_id: int = connection.execute(_ADD_TURN, {**turn, "number": number}).scalar_one()
    _apply(changes, user_id, now, connection)
    return row_id


def _turn_fields(turn: TurnRecord) -> dict[str, Any]:
    reply = turn.reply
    return {
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


def _apply(changes: Sequence[WatchlistChange], user_id: str, now: str, connection: Connection) -> None:
    if changes and connection.dialect.name == "postgresql":
        # Serialize the changes of one user; SQLite serializes all writers.
        connection.execute(select(func.pg_advisory_xact_lock(_WATCHLISTS, func.hashtext(user_id))))
    for change in changes:
        connection.execute(delete(WATCHLIST).where(WATCHLIST.c.user_id == user_id, WATCHLIST.c.ticker == change.ticker))
        if change.operation == "add":
            connection.execute(insert(WATCHLIST).values(user_id=user_id, ticker=change.ticker, added_at=now))


def _summaries() -> Any:
    """Select the fields of SessionSummary."""
    turn_count = _last_number(SESSIONS.c.id).correlate(SESSIONS).scalar_subquery()
    return select(SESSIONS, turn_count)


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
