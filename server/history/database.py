"""DATABASE_URL to an engine: SQLite through aiosqlite, PostgreSQL through asyncpg."""

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
"""How long a start waits for another server that brings the same database up to date."""
_CONNECT_LIMIT_S = 10.0
_CACHE_KIB = 256
_MOST_PORT = 65_535
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")

DEFAULT_LIMIT_S = 5.0
"""How long a server waits for its database."""
FORMS = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


def checked(url: str) -> str:
    """The URL; ValueError when no history can be kept there."""
    kind, separator, rest = url.partition("://")
    if not separator or not _SCHEME.fullmatch(kind):
        raise ValueError(f"no database URL; write {FORMS}")
    if kind in _SQLITE:
        if not rest.startswith("/") and rest:
            raise ValueError("an SQLite file has no host; write sqlite:///FILE, with four slashes for an absolute path")
        if not _path(url) or _path(url) == ":memory:":
            raise ValueError("the history outlasts the server; name a file: sqlite:///FILE")
    elif kind in _POSTGRESQL:
        _check_ports(rest)
    else:
        raise ValueError(f"{kind} is not known; write {FORMS}")
    return url


def shown(url: str) -> str:
    """The URL as it may be printed: an SQLite file's path, or the address without password and parameters.

    What cannot be told from a password is left out, too: text before the last "@", and a port that is not a number.
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
    """The text of an error on one line, without the passwords in the URL."""
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
            # Not shown: a password with an unescaped "@" or "/" in it is read as a port, too.
            raise ValueError(
                f"the port is a number from 1 to {_MOST_PORT}; in a password write @ as %40, / as %2F and : as %3A"
            )


def _port(host: str) -> str | None:
    """What stands after the host's name: `host:port`, `[v6]:port`; None when nothing does."""
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
    """Of an SQLite URL: the file's path."""
    return url.partition("://")[2].partition("?")[0].removeprefix("/")


def open_engine(url: str, *, limit_s: float | None = None, **options: Any) -> AsyncEngine:
    """An engine, not connected yet; InputError when its driver is not installed or its folder cannot be made.

    limit_s: how long a statement waits for the database; None for as long as another server may migrate it.
    """
    sqlite = _parsed(url)
    # An error that is logged must not show what somebody has said.
    options = {"hide_parameters": True, **options}
    if sqlite is not None:
        return _sqlite(sqlite, limit_s, options)
    if importlib.util.find_spec("asyncpg") is None:
        raise InputError("DATABASE_URL: PostgreSQL needs the extra `postgres`: pip install 'voicelab[postgres]'")
    return _postgresql(url, limit_s, options)


def check_file(url: str) -> None:
    """InputError when the file of an SQLite URL cannot be opened; nothing for other URLs.

    aiosqlite would raise the same in its thread too, where it is printed as a traceback.
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
    """The URL of an SQLite file; None for PostgreSQL's, whose many forms only its driver reads."""
    return make_url(url) if url.startswith("sqlite") else None


def _sqlite(url: URL, limit_s: float | None, options: dict[str, Any]) -> AsyncEngine:
    _make_folder(url)
    chosen = url.set(drivername="sqlite+aiosqlite")
    engine = create_async_engine(chosen, connect_args={"timeout": limit_s or _WAIT_FOR_LOCK_S}, **options)
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


def _postgresql(url: str, limit_s: float | None, options: dict[str, Any]) -> AsyncEngine:
    import asyncpg

    # asyncpg reads the URL itself, and so knows all of libpq's parameters (sslmode, several hosts, a socket's folder).
    address = "postgresql://" + url.partition("://")[2]

    async def connect() -> Any:
        connect_limit_s = min(_CONNECT_LIMIT_S, limit_s or _CONNECT_LIMIT_S)
        return await asyncpg.connect(address, timeout=connect_limit_s, command_timeout=limit_s)

    if limit_s is not None:
        options = {"pool_timeout": limit_s, **options}

    # A connection that the database closed meanwhile is found before it is used.
    return create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True, **options)
