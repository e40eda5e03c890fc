"""A starting server migrates the schema without losing or guessing data, and concurrent starts do not collide."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    inspect,
    text,
)

import server.history.database
from server.history import History, TurnRecord
from server.history.database import open_database
from server.history.schema import migrate
from server.history.tables import METADATA
from tests.support.postgres import Postgres
from voicelab.agent.base import Reply
from voicelab.errors import InputError
from voicelab.paths import PROJECT

Result = TypeVar("Result")
UNVERSIONED = MetaData()
"""The tables from before migrations existed."""
Table(
    "watchlist",
    UNVERSIONED,
    Column("id", Integer, primary_key=True, autoincrement=True),
    *(Column(name, String, nullable=False) for name in ("user_id", "ticker", "added_at")),
    UniqueConstraint("user_id", "ticker"),
)
Table(
    "sessions",
    UNVERSIONED,
    Column("id", String, primary_key=True),
    Column("user_id", String, nullable=False, index=True),
    Column("created_at", String, nullable=False, index=True),
    Column("updated_at", String, nullable=False),
)
Table(
    "turns",
    UNVERSIONED,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("session_id", String, ForeignKey("sessions.id"), nullable=False),
    Column("number", Integer, nullable=False),
    *(Column(name, String, nullable=False) for name in ("created_at", "kind")),
    *(Column(name, String) for name in ("transcription", "agent_response", "intent")),
    *(Column(name, JSON, nullable=False) for name in ("entities", "stage_times")),
    *(Column(name, Integer, nullable=False) for name in ("audio_bytes_in", "audio_bytes_out")),
    Column("error", String),
    UniqueConstraint("session_id", "number"),
)
SESSION = "0b6cd6a4-6f3f-4a0b-9d3c-6a8a0f3c7f11"
NOW = "2026-11-01T00:00:00.000000+00:00"


async def on(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements in one transaction; return the rows of the last."""

    def run(connection: Connection) -> list[tuple[object, ...]]:
        for statement in statements:
            result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []

    return await in_connection(url, run)


async def in_connection(url: str, work: Callable[[Connection], Result]) -> Result:
    database = open_database(url)
    try:
        return await database.write(work)
    finally:
        await database.close()


async def test_the_migrations_lead_to_the_tables_of_the_code(database_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    await migrate(database_url)
    found = await in_connection(
        database_url, lambda connection: compare_metadata(MigrationContext.configure(connection), METADATA)
    )
    assert found == []


async def test_a_database_from_before_there_were_migrations_is_taken_up_without_loss(database_url: str) -> None:
    await in_connection(database_url, UNVERSIONED.create_all)
    turn = f"'{SESSION}', 1, '{NOW}', 'typed', 'hello', 'Hi.', 'greeting', '[]', '{{}}', 0, 0"
    await on(
        database_url,
        f"INSERT INTO sessions (id, user_id, created_at, updated_at) VALUES ('{SESSION}', 'ada', '{NOW}', '{NOW}')",
        "INSERT INTO turns (session_id, number, created_at, kind, transcription, agent_response, intent, entities, "
        f"stage_times, audio_bytes_in, audio_bytes_out) VALUES ({turn})",
        f"INSERT INTO watchlist (user_id, ticker, added_at) VALUES ('ada', 'NVDA', '{NOW}')",
    )
    history = await History.open(database_url)
    try:
        dialogue = await history.dialogue(SESSION, "ada")
        assert [(exchange.heard, exchange.answer) for exchange in dialogue.exchanges] == [("hello", "Hi.")]
        assert dialogue.watchlist == ("NVDA",)
        assert await history.resume_session(SESSION, "ada")
        await history.record(SESSION, "ada", TurnRecord("typed", heard="more", reply=Reply("Yes.", "echo")))
        await history.end_session(SESSION)
        assert [turn.number for turn in await history.turns(SESSION, limit=9)] == [1, 2]
    finally:
        await history.close()


async def test_opening_again_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        await (await History.open(database_url)).close()
    assert await on(database_url, "SELECT version_num FROM alembic_version") == [("0005",)]


async def test_a_database_from_the_future_is_refused_and_left_alone(database_url: str) -> None:
    await migrate(database_url)
    await on(database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(InputError, match=r"newer voicelab \(schema 9999; this version supports up to 0005\)"):
        await History.open(database_url)
    assert await on(database_url, "SELECT version_num FROM alembic_version") == [("9999",)]


async def test_somebody_elses_tables_are_refused_and_left_alone(database_url: str) -> None:
    await on(database_url, "CREATE TABLE sessions (id VARCHAR PRIMARY KEY, data VARCHAR)")
    with pytest.raises(InputError, match=r"another application .without the columns created_at, updated_at, user_id"):
        await History.open(database_url)
    assert "alembic_version" not in await in_connection(database_url, lambda one: inspect(one).get_table_names())


async def test_a_migration_that_fails_leaves_the_database_as_it_was(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(op, "add_column", fail)
    with pytest.raises(InputError, match="cannot be opened: the disk is full"):
        await History.open(database_url)
    monkeypatch.undo()
    assert await in_connection(database_url, lambda one: inspect(one).get_table_names()) == []
    await (await History.open(database_url)).close()


async def test_servers_that_start_at_once_do_not_collide(database_url: str) -> None:
    program = (
        "import asyncio, sys; from server.history import History\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "async def main():\n"
        "    await (await History.open(sys.argv[1])).close()\n"
        "asyncio.run(main())"
    )
    processes = [
        subprocess.Popen(  # noqa: ASYNC220 - it returns at once
            [sys.executable, "-c", program, database_url],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"ready\n"
    outcomes = await asyncio.gather(*(asyncio.to_thread(process.communicate, b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0] * 3, outcomes
    assert await on(database_url, "SELECT version_num FROM alembic_version") == [("0005",)]


async def test_a_missing_driver_is_one_sentence_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.history.database.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"^DATABASE_URL: PostgreSQL needs the extra `postgres`: pip install 'voice"):
        await History.open("postgresql://localhost/x")


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("postgresql://ada:sesame@127.0.0.1:1/x", "refused|Connect call failed"),
        ("postgresql://ada:sesame@127.0.0.1:1/x?sslmode=perhaps", "sslmode"),
        ("sqlite:////dev/null/history.sqlite3", "cannot be opened: .Errno"),
    ],
)
async def test_a_database_that_is_not_there_is_one_sentence_without_the_password(url: str, hint: str) -> None:
    with pytest.raises(InputError, match=hint) as caught:
        await History.open(url)
    assert str(caught.value).startswith("DATABASE_URL: the history at ")
    assert "sesame" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_database_that_does_not_exist_is_named(postgres: Postgres) -> None:
    with pytest.raises(InputError, match='database "nowhere" does not exist'):
        await History.open(postgres.url("nowhere"))


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    file.write_bytes(b"no database, but long enough to be looked at" * 9)
    with pytest.raises(InputError, match="not a database"):
        await History.open(f"sqlite:///{file}")


def test_a_file_as_it_lies_on_a_disk_today_is_in_wal_mode(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    asyncio.run(migrate(f"sqlite:///{file}"))
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
