"""Create SQLAlchemy engines for DATABASE_URL: SQLite with aiosqlite, PostgreSQL with asyncpg."""

from __future__ import annotations

import importlib.util
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from voicelab.errors import InputError

_SQLITE = ("sqlite", "sqlite+aiosqlite")
_POSTGRESQL = ("postgresql", "postgres", "postgresql+asyncpg")
_WAIT_FOR_LOCK_S = 30.0
"""Time that a start waits for another server that is migrating the same database."""
_CONNECT_LIMIT_S = 10.0
_CACHE_KIB = 256
_MOST_PORT = 65_535
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")

DEFAULT_LIMIT_S = 5.0
"""Default of HISTORY_TIMEOUT_S."""
FORMS = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


def checked(url: str) -> str:
    """Return the URL. Raises ValueError if it cannot be used for the history."""
    kind, separator, rest = url.partition("://")
    if not separator or not _SCHEME.fullmatch(kind):
        raise ValueError(f"not a database URL; write {FORMS}")
    if kind in _SQLITE:
        if not rest.startswith("/") and rest:
            raise ValueError("an SQLite file has no host; write sqlite:///FILE, with four slashes for an absolute path")
        if not _path(url) or _path(url) == ":memory:":
            raise ValueError("the history cannot be in memory; name a file: sqlite:///FILE")
    elif kind in _POSTGRESQL:
        _check_ports(rest)
    else:
        raise ValueError(f"unknown database {kind}; write {FORMS}")
    return url


def shown(url: str) -> str:
    """Return the URL for messages: the path of an SQLite file, or the URL without password and parameters.

    Parts that may belong to a password are hidden too: credentials before the last "@", and ports that are not numbers.
    """
    kind, separator, rest = url.partition("://")
    if not separator or not _SCHEME.fullmatch(kind):
        return "***" if "@" in url or ":" in url else url
    if kind in _SQLITE and rest.startswith("/"):
        return _path(url)
    credentials, at, place = rest.rpartition("@")
    user = credentials.partition(":")[0]
    place = place.partition("?")[0]
    hosts, slash, database = place.partition("/")
    return f"{kind}://{f'{user}:***' if ':' in credentials else user}{at}{_shown_hosts(hosts)}{slash}{database}"


def scrubbed(text: str, url: str) -> str:
    """Return the text of an error on one line, without the passwords of the URL."""
    rest = url.partition("://")[2]
    credentials, _, place = rest.rpartition("@")
    passwords = [credentials.partition(":")[2]]
    passwords += [value for name, value in parse_qsl(place.partition("?")[2]) if "pass" in name.lower()]
    for secret in (url, *passwords, *map(unquote, passwords)):
        text = text.replace(secret, "***") if secret else text
    return " ".join(text.split())


def _check_ports(rest: str) -> None:
    """ValueError unless each port in a PostgreSQL address is one."""
    place, _, query = rest.rpartition("@")[2].partition("?")
    ports = [_port(host) for host in place.partition("/")[0].split(",")]
    ports += [port for name, value in parse_qsl(query) if name == "port" for port in value.split(",")]
    for port in filter(None, ports):
        if not (port.isascii() and port.isdigit() and 0 < int(port[:9]) <= _MOST_PORT):
            # The port is not shown: part of a password with an unescaped "@" or "/" may be parsed as a port.
            raise ValueError(
                f"the port must be from 1 to {_MOST_PORT}; in a password, write @ as %40, / as %2F and : as %3A"
            )


def _port(host: str) -> str | None:
    """Return the port of `host:port` or `[v6]:port`; None without one."""
    after = host.rpartition("]")[2] if host.startswith("[") else host
    return after.partition(":")[2] or None


def _shown_hosts(hosts: str) -> str:
    found = []
    for host in hosts.split(","):
        port = _port(host)
        is_plain = port is None or (port.isascii() and port.isdigit())
        found.append(host if is_plain else f"{host.removesuffix(port or '')}***")
    return ",".join(found)


def _path(url: str) -> str:
    """Return the file's path of an SQLite URL."""
    return url.partition("://")[2].partition("?")[0].removeprefix("/")


def open_engine(url: str, *, limit_s: float | None = None, **options: Any) -> AsyncEngine:
    """Create an engine without connecting. Raises InputError if the driver is missing or the folder cannot be created.

    limit_s: seconds that a statement waits for the database; None allows for a migration by another server.
    """
    sqlite = _parsed(url)
    # The parameters of a statement contain transcripts, which must not be logged.
    options = {"hide_parameters": True, **options}
    if sqlite is not None:
        return _sqlite(sqlite, limit_s, options)
    if importlib.util.find_spec("asyncpg") is None:
        raise InputError("DATABASE_URL: PostgreSQL needs the extra `postgres`: pip install 'voicelab[postgres]'")
    return _postgresql(url, limit_s, options)


def check_file(url: str) -> None:
    """Raise InputError if the file of an SQLite URL cannot be opened. Ignores other URLs.

    aiosqlite would raise the error also in its thread, which prints a traceback.
    """
    parsed = _parsed(url)
    if parsed is None:
        return
    try:
        _make_folder(parsed)
        with closing(sqlite3.connect(str(parsed.database), timeout=_WAIT_FOR_LOCK_S)) as connection:
            connection.execute("PRAGMA schema_version")
    except sqlite3.Error as error:
        raise InputError(f"DATABASE_URL: the history at {parsed.database} cannot be opened: {error}") from error


def _make_folder(url: URL) -> None:
    try:
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"DATABASE_URL: the history at {url.database} cannot be opened: {error}") from error


def _parsed(url: str) -> URL | None:
    """Parse the URL of an SQLite file. Returns None for PostgreSQL, whose URLs are parsed by its driver."""
    return make_url(url) if url.startswith("sqlite") else None


def _sqlite(url: URL, limit_s: float | None, options: dict[str, Any]) -> AsyncEngine:
    _make_folder(url)
    chosen = url.set(drivername="sqlite+aiosqlite")
    engine = create_async_engine(chosen, connect_args={"timeout": limit_s or _WAIT_FOR_LOCK_S}, **options)
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


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


def _postgresql(url: str, limit_s: float | None, options: dict[str, Any]) -> AsyncEngine:
    import asyncpg

    # asyncpg parses the URL, so that all parameters of libpq work (sslmode, several hosts, a socket's folder).
    address = "postgresql://" + url.partition("://")[2]

    async def connect() -> Any:
        connect_limit_s = min(_CONNECT_LIMIT_S, limit_s or _CONNECT_LIMIT_S)
        return await asyncpg.connect(address, timeout=connect_limit_s, command_timeout=limit_s)

    if limit_s is not None:
        options = {"pool_timeout": limit_s, **options}

    # pool_pre_ping replaces connections that the database has closed.
    return create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True, **options)
