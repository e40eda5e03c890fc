"""While the history is unavailable, clients get an error quickly; when it is back, turns work again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from server.history import History, HistoryUnavailableError
from server.history.faults import READ_ONLY, SLOW
from server.history.store import HistoryLimits
from tests.support.postgres import Postgres, private_server
from tests.support.serving import PATIENCE_S, Served, serving, spawned, talking, until
from voicelab.errors import InputError
from voicelab.paths import PROJECT

COMMAND = {"command": "hello", "user_id": "ada"}
LIMIT_S = 0.5


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, history_timeout_s=LIMIT_S) as running:
        yield running


def metric(served: Served, line: str) -> float:
    page = httpx.get(f"{served.http}/metrics").text
    return next((float(one.split()[-1]) for one in page.splitlines() if one.startswith(f"{line} ")), 0.0)


def ready(served: Served) -> tuple[int, str, str | None]:
    answer = httpx.get(f"{served.http}/health/ready", timeout=PATIENCE_S)
    return answer.status_code, answer.json()["status"], answer.json()["reason"]


def test_while_sqlite_is_locked_everybody_is_told_so_in_bounded_time(served: Served) -> None:
    assert ready(served) == (200, "ready", None)
    time.sleep(1.1)  # an answer counts for a second
    with locked(served.database):
        assert ready(served) == (503, "history_unavailable", "the database is locked")
        start = time.monotonic()
        with httpx.Client(timeout=PATIENCE_S) as client:
            answer = client.post(f"{served.http}/api/voice/command", json=COMMAND)
        assert time.monotonic() - start < 8 * LIMIT_S
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["detail"]["code"] == "history_unavailable"
        assert "the database is locked" in answer.json()["detail"]["message"]
        assert httpx.get(f"{served.http}/api/conversation-sessions/sessions").status_code == 200, "WAL: it can be read"
        assert httpx.get(f"{served.http}/health/live").status_code == 200
        assert metric(served, "voicelab_history_failures_total") >= 1
    until(lambda: ready(served)[0] == 200)
    assert httpx.post(f"{served.http}/api/voice/command", json=COMMAND).status_code == 200


async def test_a_conversation_outlives_a_locked_history(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init(user_id="ada")
        await talker.works()
        with locked(served.database):
            await talker.send("text", text="hello")
            names = (await talker.answer()).events
            assert names[-1][0] == "error"
            assert names[-1][1]["code"] == "history_unavailable"
            name = 'voicelab_turns_total{kind="typed",outcome="history_unavailable"}'
            assert await asyncio.to_thread(metric, served, name) == 1
            await talker.send("heartbeat")
            await talker.expect("heartbeat")
        await talker.works()
    assert [turn["error"] for turn in served.turns(session["session_id"])] == [None, None]


async def test_a_turn_that_fails_meanwhile_is_told_its_own_fault(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init(user_id="ada")
        await talker.works()
        with locked(served.database):
            await talker.say([bytes(3200)], format="pcm16")
            await talker.refusal("no_speech")
        await talker.works()


async def test_many_that_wait_for_a_locked_history_do_not_wait_for_each_other(served: Served) -> None:
    with locked(served.database):
        start = time.monotonic()
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            answers = await asyncio.gather(
                *(client.post(f"{served.http}/api/voice/command", json=COMMAND) for _ in range(20))
            )
        assert {answer.status_code for answer in answers} == {503}
        assert time.monotonic() - start < 12 * LIMIT_S, "one after the other they would take twenty times the limit"


async def test_a_socket_that_begins_meanwhile_is_told_and_can_try_again(served: Served) -> None:
    async with talking(served) as talker:
        with locked(served.database):
            await talker.send("init", user_id="ada")
            await talker.refusal("history_unavailable")
        await talker.works_after_init()


def test_a_read_only_file_is_refused_at_the_start(tmp_path: Path) -> None:
    """Root may write read-only files, so the program changes its user after loading everything."""
    shared = Path(tempfile.mkdtemp(prefix="voicelab-read-only-"))
    try:
        file = shared / "history.sqlite3"
        program = (
            "import asyncio, os, sys; from server.history import History; from voicelab.errors import InputError\n"
            "async def begin(url): await (await History.open(url)).close()\n"
            "for url in sys.argv[1:3]: asyncio.run(begin(url))\n"
            "os.chmod(sys.argv[3], 0o444); os.chmod(os.path.dirname(sys.argv[3]), 0o555)\n"
            "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            "try: asyncio.run(begin(sys.argv[2]))\n"
            "except InputError as error: print(error)"
        )
        command = [sys.executable, "-c", program, f"sqlite:///{tmp_path / 'a.sqlite3'}", f"sqlite:///{file}", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=PROJECT)
        assert done.stdout.startswith(f"DATABASE_URL: the history at {file} cannot be opened: "), done
        assert "readonly" in done.stdout
        assert done.stdout.count("\n") == 1
    finally:
        shared.chmod(0o755)
        shutil.rmtree(shared)


async def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite3"
    other.write_text("not a database " * 100)
    for path, cause in ((tmp_path, "unable to open database file"), (other, "file is not a database")):
        with pytest.raises(InputError, match=f"the history at {path} cannot be opened: {cause}$"):
            await History.open(f"sqlite:///{path}")


# PostgreSQL.


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A server that a test may stop."""
    with private_server() as server:
        yield server


def postgres_pid(server: Postgres) -> int:
    return int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])


async def test_postgresql_that_hangs_is_waited_for_in_bounded_time(own_postgres: Postgres) -> None:
    history = await History.open(await own_postgres.fresh(), HistoryLimits(wait_s=LIMIT_S))
    session_id = await history.start_session("ada")
    rows = await own_postgres.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    pids = [postgres_pid(own_postgres), *(row["pid"] for row in rows)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        start = time.monotonic()
        with pytest.raises(HistoryUnavailableError) as caught:
            await history.dialogue(session_id, "ada")
        assert time.monotonic() - start < 8 * LIMIT_S
        assert caught.value.reason == SLOW
        assert await history.database.problem() == SLOW
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)
    assert await history.has_session(session_id, "ada")
    await history.close()


async def test_a_postgresql_that_only_reads_is_told(postgres: Postgres) -> None:
    url = await postgres.fresh()
    history = await History.open(url)
    name = url.partition("@/")[2].partition("?")[0]
    await postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await history.database.close()
    assert await history.database.problem() == READ_ONLY
    with pytest.raises(HistoryUnavailableError) as caught:
        await history.start_session("ada")
    assert caught.value.reason == READ_ONLY
    await history.close()


async def test_a_server_whose_postgresql_is_stopped_says_so_and_goes_on_when_it_is_back(
    own_postgres: Postgres, tmp_path: Path
) -> None:
    url = (await own_postgres.fresh()).replace("voicelab@", "voicelab:sesame@")
    fakes = ("--asr", "fake", "--agent", "fake", "--tts", "fake")
    with spawned(tmp_path, *fakes, DATABASE_URL=url, HISTORY_TIMEOUT_S="1") as served:
        assert await asyncio.to_thread(ready, served) == (200, "ready", None)
        sockets = list(own_postgres.folder.glob(".s.PGSQL.*"))
        hidden = own_postgres.folder / "hidden"
        hidden.mkdir()
        for file in sockets:  # as if it had been stopped: no new connection is made, and the old ones are cut off
            file.rename(hidden / file.name)
        here = f"postgresql://voicelab@/postgres?host={hidden}"
        await own_postgres.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND pid <> pg_backend_pid()",
            here,
        )
        await asyncio.sleep(1.1)
        assert await asyncio.to_thread(ready, served) == (503, "history_unavailable", "the database cannot be reached")
        for path, body in (("api/voice/command", COMMAND), ("api/conversation-sessions/sessions", None)):
            answer = await asyncio.to_thread(
                lambda path=path, body=body: httpx.request(
                    "POST" if body else "GET", f"{served.http}/{path}", json=body, timeout=PATIENCE_S
                )
            )
            assert (answer.status_code, answer.json()["detail"]["code"]) == (503, "history_unavailable")
            assert str(own_postgres.folder) not in answer.text
        for file in sockets:
            (hidden / file.name).rename(file)
        await asyncio.to_thread(until, lambda: ready(served)[0] == 200)
        done = await asyncio.to_thread(httpx.post, f"{served.http}/api/voice/command", json=COMMAND)
        assert done.status_code == 200
    log = (tmp_path / "server.log").read_text()
    assert "the history cannot be used" in log
    assert "Traceback" not in log
    assert "sesame" not in log
