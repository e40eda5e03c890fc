"""Migrate a database to the newest schema with Alembic, in one transaction under a lock."""

from __future__ import annotations

import asyncio
import threading

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.pool import NullPool

from server.history.database import check_file, open_engine, shown
from server.history.tables import Base
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
    check_file(url)
    with _alembic:
        asyncio.run(_run(url))


async def _run(url: str) -> None:
    engine = open_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _disable_autocommit)
        event.listen(engine.sync_engine, "begin", _take_the_write_lock)
    try:
        async with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            await connection.run_sync(_upgrade, url)
            # BEGIN IMMEDIATE succeeds on a read-only SQLite file; an UPDATE fails.
            await connection.execute(text("UPDATE sessions SET id = id WHERE 1 = 0"))
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


def _check_tables(connection: Connection, url: str) -> None:
    """Check a database without a schema version: it must be empty, or voicelab's from before migrations existed."""
    inspector = inspect(connection)
    for table in set(inspector.get_table_names()) & set(Base.metadata.tables):
        there = {column["name"] for column in inspector.get_columns(table)}
        missing = {column.name for column in Base.metadata.tables[table].columns} - there - _ADDED_SINCE
        if missing:
            raise InputError(
                f"DATABASE_URL: the database {shown(url)} has a table {table} of another application "
                f"(without the columns {', '.join(sorted(missing))}); choose another database"
            )
