"""Brings a database to the newest schema, with Alembic, in one transaction that only one server makes."""

from __future__ import annotations

import asyncio
import threading

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.pool import NullPool

from server.history.database import check_file, open_engine, shown
from server.history.tables import Base
from voicelab.errors import InputError

_ADVISORY_LOCK = 0x766F6963656C6162  # "voicelab": whatever else uses this PostgreSQL takes other numbers

# Alembic keeps its state in module globals, so two databases are not migrated at once in one process.
_alembic = threading.Lock()


_ADDED_SINCE = {"ended_at", "tool_calls"}
"""Columns that migrations add to the tables from before there were versions."""


async def migrate(url: str) -> None:
    """Bring the database to the newest schema; whatever fails leaves it as it was.

    Raises InputError for a database that a newer voicelab has written, or that somebody else's tables are in.
    """
    await asyncio.to_thread(_migrate, url)


def _migrate(url: str) -> None:
    check_file(url)
    with _alembic:
        asyncio.run(_run(url))


async def _run(url: str) -> None:
    engine = open_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _leave_transactions_to_us)
        event.listen(engine.sync_engine, "begin", _take_the_write_lock)
    try:
        async with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            await connection.run_sync(_upgrade, url)
            # A read-only SQLite file lets BEGIN IMMEDIATE pass; what could write is refused.
            await connection.execute(text("UPDATE sessions SET id = id WHERE 1 = 0"))
    finally:
        await engine.dispose()


def _leave_transactions_to_us(connection: object, _record: object) -> None:
    """Python's sqlite3 would commit before each change of a table."""
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
            f"DATABASE_URL: the history at {shown(url)} was written by a newer voicelab (schema {found}; this one "
            f"knows up to {script.get_current_head()}); use that one, or another DATABASE_URL"
        )
    if found is None:
        _check_tables(connection, url)
    if found != script.get_current_head():
        command.upgrade(config, "head")


def _check_tables(connection: Connection, url: str) -> None:
    """A database without a schema version is empty, or one of ours from before there were versions."""
    inspector = inspect(connection)
    for table in set(inspector.get_table_names()) & set(Base.metadata.tables):
        there = {column["name"] for column in inspector.get_columns(table)}
        missing = {column.name for column in Base.metadata.tables[table].columns} - there - _ADDED_SINCE
        if missing:
            raise InputError(
                f"DATABASE_URL: the database {shown(url)} has a table {table} that is not voicelab's (no "
                f"{', '.join(sorted(missing))} in it); name another database"
            )
