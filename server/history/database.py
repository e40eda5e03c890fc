"""Run transactions in SQLite or PostgreSQL beside the event loop.

A transaction is a function of a SQLAlchemy connection. With SQLite it runs as a whole in one thread; aiosqlite would
pass 28 calls to a thread for each turn. With asyncpg it runs in a greenlet of the event loop.
"""

import asyncio
import importlib.util
import logging
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from server.history.addresses import is_sqlite
from server.history.faults import READ_ONLY, HistoryUnavailableError, is_of_the_database, reason_of
from voicelab.engines.pool.work_pool import Account, WorkPool
from voicelab.errors import InputError

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")
_LOG_EVERY_S = 1.0

DEFAULT_LIMIT_S = 5.0
"""Default of HISTORY_TIMEOUT_S."""
_WAIT_FOR_LOCK_S = 30.0
"""Time that a start waits for another server that is migrating the same database."""
_CONNECT_LIMIT_S = 10.0
_CACHE_KIB = 256
_READERS = 3
"""Number of reading threads. A single client gets all but one (see WorkPool)."""
_QUEUE = 10_000
"""Maximum number of transactions that wait for a thread. Each waits only for a limited time."""
_LAST_WRITES_S = 1.0
"""Time that `close` waits for unfinished writes."""
_CHECK_LIMIT_S = 2.0
_FRESH_S = 1.0
"""Time for which the result of a check is reused, so that many probes cost one query."""
_LOOK_AGAIN_S = 0.01
_NO_PARAMETERS_IN_ERRORS = {"hide_parameters": True}
"""The parameters of a statement contain transcripts, which must not be logged."""


class Database(ABC):
    """A database that runs transactions without blocking the event loop.

    `read` and `write` raise HistoryUnavailableError if the database is unavailable. failures: number of these errors.
    """

    def __init__(self) -> None:
        self.failures = 0
        self._logged_s = 0.0
        self._checking = asyncio.Lock()
        self._checked_s = -_FRESH_S
        self._problem: str | None = None

    async def read(self, work: Callable[[Connection], _Result]) -> _Result:
        """Return the result of a function that only reads."""
        with self._faults():
            return await self._run(work, writes=False)

    async def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Return the result of a function that writes. Its changes are stored unless it raises an exception."""
        with self._faults():
            return await self._run(work, writes=True)

    async def problem(self) -> str | None:
        """Return why turns cannot be stored now; None if they can. Checks at most once a second."""
        async with self._checking:
            if time.monotonic() - self._checked_s > _FRESH_S:
                self._problem = await self._check()
                self._checked_s = time.monotonic()
            return self._problem

    async def _check(self) -> str | None:
        try:
            await self._check_writable()
        except HistoryUnavailableError as error:
            return error.reason
        except Exception as error:
            if isinstance(error, sqlite3.Error) or is_of_the_database(error):
                return reason_of(error)
            raise
        return None

    @abstractmethod
    def account_to(self, account: Account) -> None:
        """Report the processor time of each client's transactions, unless they run in the event loop."""

    @abstractmethod
    async def close(self) -> None:
        """Close all connections."""

    @abstractmethod
    async def _check_writable(self) -> None:
        """Raise the driver's error unless the database can be written to. Changes nothing."""

    @abstractmethod
    async def _run(self, work: Callable[[Connection], _Result], *, writes: bool) -> _Result: ...

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


def open_database(url: str, limit_s: float = DEFAULT_LIMIT_S) -> Database:
    """Open the database of a migrated URL.

    limit_s: seconds that a transaction waits for its turn, and again for a lock of another process or an answer. Raises
    InputError if the driver is missing or the folder cannot be created, and SQLAlchemy's errors.
    """
    return SqliteDatabase(url, limit_s) if is_sqlite(url) else PostgresqlDatabase(url, limit_s)


class SqliteDatabase(Database):
    """An SQLite file. One thread writes, because SQLite allows one writer and makes others poll; several read.

    Waiting clients are served in turn. A transaction that has begun completes even if its caller is cancelled.
    """

    def __init__(self, url: str, limit_s: float = DEFAULT_LIMIT_S) -> None:
        super().__init__()
        self._engine = sqlite_engine(url, limit_s=limit_s, pool_size=1 + _READERS, max_overflow=0)
        with ExitStack() as stack:
            # A connection for each thread is opened now, so that memory and open files do not grow later.
            for _ in range(1 + _READERS):
                stack.enter_context(self._engine.connect()).execute(text("SELECT count(*) FROM sqlite_master"))
        self._path = Path(str(self._engine.url.database))
        self._limit_s = limit_s
        self._writer = WorkPool("history-write", 1, _QUEUE, in_background=False)
        self._readers = WorkPool("history-read", _READERS, _QUEUE, in_background=False)

    def account_to(self, account: Account) -> None:
        self._writer.account = self._readers.account = account

    async def _run(self, work: Callable[[Connection], _Result], *, writes: bool) -> _Result:
        pool, begin = (self._writer, self._engine.begin) if writes else (self._readers, self._engine.connect)

        def transact(work: Callable[[Connection], _Result]) -> _Result:
            with begin() as connection:
                return work(connection)

        return await pool.run_within(self._limit_s, transact, work)

    async def _check_writable(self) -> None:
        await asyncio.to_thread(_check_writable, self._path)

    async def close(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WRITES_S):
                while self._writer.unfinished:  # noqa: ASYNC110 - threads finish them
                    await asyncio.sleep(_LOOK_AGAIN_S)
        self._writer.close()
        self._readers.close()
        self._engine.dispose()


def _check_writable(path: Path) -> None:
    """Raise sqlite3.Error unless this file is writable. BEGIN IMMEDIATE succeeds on a read-only file; UPDATE fails."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=_CHECK_LIMIT_S, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("UPDATE sessions SET id = id WHERE 1 = 0")
        finally:
            connection.execute("ROLLBACK")


class PostgresqlDatabase(Database):
    """A PostgreSQL database, which schedules concurrent transactions itself."""

    def __init__(self, url: str, limit_s: float = DEFAULT_LIMIT_S) -> None:
        super().__init__()
        self._engine = postgresql_engine(url, limit_s=limit_s)

    def account_to(self, account: Account) -> None:
        """Do nothing: transactions run in the event loop, which measures them."""

    async def _run(self, work: Callable[[Connection], _Result], *, writes: bool) -> _Result:
        async with self._engine.begin() if writes else self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def _check_writable(self) -> None:
        async with asyncio.timeout(_CHECK_LIMIT_S), self._engine.connect() as connection:
            if await connection.scalar(text("SHOW transaction_read_only")) == "on":
                raise HistoryUnavailableError(READ_ONLY)

    async def close(self) -> None:
        await self._engine.dispose()


def sqlite_engine(url: str, *, limit_s: float = _WAIT_FOR_LOCK_S, **options: Any) -> Engine:
    """Create an engine for an SQLite URL, and the folder of its file. Raises InputError if that fails.

    limit_s: seconds that a statement waits for the lock of another process.
    """
    parsed = make_url(url).set(drivername="sqlite")
    _make_folder(parsed)
    engine = create_engine(parsed, connect_args={"timeout": limit_s}, **_NO_PARAMETERS_IN_ERRORS, **options)
    event.listen(engine, "connect", _prepare)
    return engine


def _make_folder(url: URL) -> None:
    try:
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"DATABASE_URL: the history at {url.database} cannot be opened: {error}") from error


def _prepare(connection: Any, _record: Any) -> None:
    """Configure a connection. With WAL, readers and writers do not block each other; synchronous=FULL makes commits
    durable.

    The cache is 256 KiB per connection, because the operating system caches the file too. SQLite's default of 2 MiB
    fills slowly as the history grows.
    """
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{_CACHE_KIB}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def postgresql_engine(url: str, *, limit_s: float | None = None, **options: Any) -> AsyncEngine:
    """Create an engine for a PostgreSQL URL. Raises InputError if the driver is not installed.

    limit_s: seconds that a statement waits for the database; None allows for a migration by another server.
    """
    if importlib.util.find_spec("asyncpg") is None:
        raise InputError("DATABASE_URL: PostgreSQL needs the extra `postgres`: pip install 'voicelab[postgres]'")
    import asyncpg

    # asyncpg parses the URL, so that all parameters of libpq work (sslmode, several hosts, a socket's folder).
    address = "postgresql://" + url.partition("://")[2]

    async def connect() -> Any:
        connect_limit_s = min(_CONNECT_LIMIT_S, limit_s or _CONNECT_LIMIT_S)
        return await asyncpg.connect(address, timeout=connect_limit_s, command_timeout=limit_s)

    if limit_s is not None:
        options = {"pool_timeout": limit_s, **options}

    # pool_pre_ping replaces connections that the database has closed.
    return create_async_engine(
        "postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True, **_NO_PARAMETERS_IN_ERRORS, **options
    )
