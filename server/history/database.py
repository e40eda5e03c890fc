"""DATABASE_URL to an engine: SQLite through aiosqlite, PostgreSQL through asyncpg."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from voicelab.errors import InputError

_SQLITE = ("sqlite", "sqlite+aiosqlite")
_POSTGRESQL = ("postgresql", "postgres", "postgresql+asyncpg")
_CREDENTIALS = re.compile(r"(?<=:)[^:/?#@]*(?=@)|(?<=password=)[^&]*")
_WAIT_FOR_LOCK_S = 30
_CONNECT_LIMIT_S = 10.0
_CACHE_KIB = 256

FORMS = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


def checked(url: str) -> str:
    """The URL; ValueError when no history can be kept there."""
    kind, separator, _ = url.partition("://")
    if not separator:
        raise ValueError(f"no database URL; write {FORMS}")
    if kind in _SQLITE:
        try:
            database = make_url(url).database
        except ArgumentError:
            raise ValueError(f"no database URL; write {FORMS}") from None
        if not database or database == ":memory:":
            raise ValueError("the history outlasts the server; name a file: sqlite:///FILE")
    elif kind not in _POSTGRESQL:
        raise ValueError(f"{kind} is not known; write {FORMS}")
    else:
        _check_address(url)
    return url


def _check_address(url: str) -> None:
    """ValueError for an address that no server can have, without repeating it: it may hold a password."""
    try:
        port = make_url(url).port
    except (ArgumentError, ValueError):
        raise ValueError(f"its host or port cannot be read; write {FORMS}") from None
    if port is not None and not 0 < port <= 65535:
        raise ValueError(f"port {port} is not between 1 and 65535; write {FORMS}")


def shown(url: str) -> str:
    """The URL as it may be printed: an SQLite file's path, or the address without its password."""
    parsed = _parsed(url)
    return str(parsed.database) if parsed else _CREDENTIALS.sub("***", url)


def open_engine(url: str, **options: Any) -> AsyncEngine:
    """An engine, not connected yet; InputError when its driver is not installed or its folder cannot be made."""
    sqlite = _parsed(url)
    # An error that is logged must not show what somebody has said.
    options = {"hide_parameters": True, **options}
    if sqlite is not None:
        return _sqlite(sqlite, options)
    if importlib.util.find_spec("asyncpg") is None:
        raise InputError("DATABASE_URL: PostgreSQL needs the extra `postgres`: pip install 'voicelab[postgres]'")
    return _postgresql(url, options)


def opening_errors() -> tuple[type[Exception], ...]:
    """What a database raises that cannot be opened. asyncpg's errors come as they are while it connects."""
    asyncpg = sys.modules.get("asyncpg")
    of_asyncpg = (asyncpg.PostgresError, asyncpg.InterfaceError) if asyncpg else ()
    return (OSError, SQLAlchemyError, *of_asyncpg)


def _parsed(url: str) -> URL | None:
    """The URL of an SQLite file; None for PostgreSQL's, whose many forms only its driver reads."""
    return make_url(url) if url.startswith("sqlite") else None


def _sqlite(url: URL, options: dict[str, Any]) -> AsyncEngine:
    try:
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"DATABASE_URL: the history at {url.database} cannot be opened: {error}") from error
    chosen = url.set(drivername="sqlite+aiosqlite")
    engine = create_async_engine(chosen, connect_args={"timeout": _WAIT_FOR_LOCK_S}, **options)
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    """WAL: a reader and a writer do not wait for each other; a commit is on disk when it returns.

    The pages in use are kept by each connection of the pool, and all of them by the system: 256 KiB do, where SQLite's
    own 2 MiB filled slowly for as long as the history grew.
    """
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{_CACHE_KIB}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _postgresql(url: str, options: dict[str, Any]) -> AsyncEngine:
    import asyncpg

    # asyncpg reads the URL itself, and so knows all of libpq's parameters (sslmode, several hosts, a socket's folder).
    address = "postgresql://" + url.partition("://")[2]

    async def connect() -> Any:
        return await asyncpg.connect(address, timeout=_CONNECT_LIMIT_S)

    # A connection that the database closed meanwhile is found before it is used.
    return create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True, **options)
