"""Migrate a database to the newest schema with Alembic, in one transaction under a lock."""

import asyncio
import threading

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.pool import NullPool

from server.history.addresses import is_sqlite, shown
from server.history.database import postgresql_engine, sqlite_engine
from server.history.tables import METADATA
from voicelab.errors import InputError

_ADVISORY_LOCK = 0x766F6963656C6162  # "voicelab" in ASCII, to avoid collisions with other applications

# Alembic keeps its state in module globals, so a process migrates one database at a time.
_alembic = threading.Lock()


_ADDED_SINCE = {"ended_at", "tool_calls"}
"""Columns that migrations add to the tables from before there were versions."""


async def migrate(url: str) -> None:
    """Migrate the database to the newest schema. A failed migration changes nothing.

    Raises InputError for a database of a newer voicelab, and for one with tables of another application.
    """
    await asyncio.to_thread(_migrate, url)


def _migrate(url: str) -> None:
    with _alembic:
        if is_sqlite(url):
            _migrate_sqlite(url)
        else:
            asyncio.run(_migrate_postgresql(url))


def _migrate_sqlite(url: str) -> None:
    engine = sqlite_engine(url, poolclass=NullPool)
    event.listen(engine, "connect", _disable_autocommit)
    event.listen(engine, "begin", _take_the_write_lock)
    with engine.begin() as connection:
        _upgrade(connection, url)


async def _migrate_postgresql(url: str) -> None:
    engine = postgresql_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            await connection.run_sync(_upgrade, url)
    finally:
        await engine.dispose()


def _disable_autocommit(connection: object, _record: object) -> None:
    """Let SQLAlchemy control transactions. Python's sqlite3 would commit before each schema change."""
    connection.isolation_level = None  # type: ignore[attr-defined]


def _take_the_write_lock(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(connection: Connection, url: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "server:migrations")
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise InputError(
            f"DATABASE_URL: the history at {shown(url)} was written by a newer voicelab (schema {found}; this version "
            f"supports up to {script.get_current_head()}); upgrade voicelab, or set another DATABASE_URL"
        )
    if found is None:
        _check_tables(connection, url)
    if found != script.get_current_head():
        command.upgrade(config, "head")
    # BEGIN IMMEDIATE succeeds on a read-only SQLite file; an UPDATE fails.
    connection.execute(text("UPDATE sessions SET id = id WHERE 1 = 0"))


def _check_tables(connection: Connection, url: str) -> None:
    """Check a database without a schema version: it must be empty, or voicelab's from before migrations existed."""
    inspector = inspect(connection)
    for table in set(inspector.get_table_names()) & set(METADATA.tables):
        there = {column["name"] for column in inspector.get_columns(table)}
        missing = {column.name for column in METADATA.tables[table].columns} - there - _ADDED_SINCE
        if missing:
            raise InputError(
                f"DATABASE_URL: the database {shown(url)} has a table {table} of another application "
                f"(without the columns {', '.join(sorted(missing))}); choose another database"
            )
