"""Several server processes on one socket and one database are replaced if they die, and end together."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from server.history import History
from tests.support.postgres import Postgres
from tests.support.serving import PATIENCE_S, Served, children_of, is_running, run_server, spawned, talking, until

FAKES = ("--asr", "fake", "--agent", "fake", "--tts", "fake", "--workers", "2")


def total(served: Served, name: str) -> float:
    page = httpx.get(f"{served.http}/metrics", timeout=PATIENCE_S).text
    samples = (sample for family in text_string_to_metric_families(page) for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name == name)


async def until_started(served: Served, folder: Path, workers: int) -> list[int]:
    """The serving processes, once this many have been started in total."""
    log = folder / "server.log"
    await asyncio.to_thread(until, lambda: log.read_text().count("Serving on http") >= workers)
    return children_of(served.pid or 0)


async def test_workers_share_the_socket_and_the_history_and_one_that_dies_is_replaced(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = await postgres.fresh()
    with spawned(tmp_path, *FAKES, DATABASE_URL=url) as served:
        first = await until_started(served, tmp_path, 2)
        assert len(first) == 2
        async with talking(served) as talker:
            session = await talker.init(user_id="ada")
            await talker.works()
        for _ in range(20):
            async with talking(served) as talker:
                await talker.init(user_id="ada", session_id=session["session_id"])
                await talker.works()
        # Each worker's metrics page counts the work of both.
        assert total(served, "voicelab_turns_total") == 21
        assert total(served, "voicelab_connections_opened_total") == 21
        os.kill(first[0], signal.SIGKILL)
        second = await until_started(served, tmp_path, 3)
        assert len(second) == 2
        assert first[1] in second
        assert first[0] not in second
        async with talking(served) as talker:
            await talker.init(user_id="ada", session_id=session["session_id"])
            await talker.works()
            assert total(served, "voicelab_turns_total") == 22, "what the dead one counted is lost"
            assert served.pid is not None
            os.kill(served.pid, signal.SIGTERM)
            await talker.refusal("going_away")
        _, status = await asyncio.to_thread(os.waitpid, served.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert not any(map(is_running, second))
    log = (tmp_path / "server.log").read_text()
    assert re.search(rf"Worker {first[0]} died \(signal SIGKILL\)", log)
    assert "Traceback" not in log
    history = await History.open(url)
    found = await history.session(session["session_id"])
    turns = await history.turns(session["session_id"], limit=100)
    await history.close()
    assert found is not None
    assert [turn.number for turn in turns] == list(range(1, 23))
    assert found.ended_at is not None


async def test_workers_end_when_who_started_them_is_killed(tmp_path: Path) -> None:
    with spawned(tmp_path, *FAKES) as served:
        workers = await until_started(served, tmp_path, 2)
        assert served.pid is not None
        os.kill(served.pid, signal.SIGKILL)
        await asyncio.to_thread(until, lambda: not any(map(is_running, workers)))


def test_a_server_whose_workers_cannot_start_ends_and_says_why(tmp_path: Path) -> None:
    database = tmp_path / "history.sqlite3"
    database.write_bytes(b"no database, but long enough to be looked at" * 9)
    outcome = run_server("--port", "0", *FAKES, DATABASE_URL=f"sqlite:///{database}")
    assert outcome.returncode == 2
    assert "file is not a database" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "the server ends" in outcome.stderr
