"""The cost of a turn does not depend on the session's length; sessions have a maximum length and can be deleted."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from server.history import History, SessionFullError, TurnRecord
from server.history.retention import remove_older
from server.history.store import HistoryLimits
from server.history.tables import SESSIONS
from tests.support.serving import Served, serving, talking, until
from voicelab.agent.base import Reply

LIMITS = HistoryLimits(exchanges=3, turns=20)


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[History]:
    opened = await History.open(database_url, LIMITS)
    yield opened
    await opened.close()


def turn(number: int, error: str | None = None) -> TurnRecord:
    return TurnRecord("typed", heard=str(number), reply=None if error else Reply("yes", "echo"), error=error)


async def test_an_agent_is_given_the_last_exchanges_in_order(history: History) -> None:
    session_id = await history.start_session("ada")
    for number in range(1, 8):
        await history.record(session_id, "ada", turn(number))
    await history.record(session_id, "ada", turn(8, "no_speech"))
    dialogue = await history.dialogue(session_id, "ada")
    assert [exchange.heard for exchange in dialogue.exchanges] == ["5", "6", "7"]


async def test_failed_turns_do_not_make_it_read_further_and_further_back(history: History) -> None:
    session_id = await history.start_session("ada")
    await history.record(session_id, "ada", turn(1))
    for number in range(2, 14):
        await history.record(session_id, "ada", turn(number, "no_speech"))
    assert (await history.dialogue(session_id, "ada")).exchanges == ()


async def test_a_session_has_an_end(history: History) -> None:
    session_id = await history.start_session("ada")
    for number in range(LIMITS.turns):
        await history.dialogue(session_id, "ada")
        await history.record(session_id, "ada", turn(number))
    with pytest.raises(SessionFullError, match=r"has the maximum of 20 turns \(MAX_SESSION_TURNS\)"):
        await history.dialogue(session_id, "ada")
    assert await history.record(session_id, "ada", turn(99, "bad_audio")) is None
    found = await history.session(session_id)
    assert found is not None
    assert found.turn_count == LIMITS.turns
    other = await history.start_session("ada")
    assert (await history.dialogue(other, "ada")).exchanges == ()


async def test_turns_come_by_page(history: History) -> None:
    session_id = await history.start_session("ada")
    for number in range(1, 8):
        await history.record(session_id, "ada", turn(number))
    pages = [await history.turns(session_id, limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert [[one.number for one in page] for page in pages] == [[1, 2, 3], [4, 5, 6], [7], []]


async def test_old_sessions_are_removed_whole_and_only_they(history: History) -> None:
    old, new = await history.start_session("ada"), await history.start_session("ada")
    for session_id in (old, new):
        for number in range(5):
            await history.record(session_id, "ada", turn(number))
    aged = update(SESSIONS).where(SESSIONS.c.id == old).values(updated_at="2020-01-01T00:00:00.000000+00:00")
    await history.database.write(lambda connection: connection.execute(aged))
    assert await remove_older(history, 1.0) == 1
    assert await history.session(old) is None
    assert await history.turns(old, limit=9) == []
    assert len(await history.turns(new, limit=9)) == 5
    assert await remove_older(history, 1.0) == 0


async def test_many_turns_are_removed_piece_by_piece(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.history.retention._TURNS_AT_ONCE", 2)
    session_id = await history.start_session("ada")
    for number in range(6):
        await history.record(session_id, "ada", turn(number))
    assert await remove_older(history, -1.0) == 1
    assert await history.session(session_id) is None


def lengthened(served: Served, session_id: str, turns: int) -> None:
    """Copy the session's second turn until it has so many."""
    columns = (
        "created_at, kind, transcription, agent_response, intent, entities, stage_times, audio_bytes_in, "
        "audio_bytes_out, error"
    )
    with sqlite3.connect(served.database, timeout=30) as connection:
        (have,) = connection.execute("SELECT max(number) FROM turns WHERE session_id = ?", (session_id,)).fetchone()
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            f"INSERT INTO turns (session_id, number, {columns}) "
            f"SELECT session_id, n.i, {columns} FROM turns, n WHERE number = 2 AND session_id = ?",
            (have + 1, turns, session_id),
        )
    connection.close()


def test_a_long_session_is_no_slower_and_its_pages_are_no_larger(tmp_path: Path) -> None:
    with serving(tmp_path, agent="rules", max_session_turns=50_000) as served, httpx.Client(timeout=60) as client:
        command, listed = f"{served.http}/api/voice/command", f"{served.http}/api/conversation-sessions/sessions"

        def ask(text: str) -> dict[str, object]:
            answer = client.post(command, json={"command": text, "user_id": "ada", "session_id": session_id})
            assert answer.status_code == 200
            found: dict[str, object] = answer.json()
            return found

        def best_s(url: str | None = None) -> float:
            taken = []
            for _ in range(5):
                start = time.perf_counter()
                assert client.get(url).status_code == 200 if url else ask("what is the price of apple")
                taken.append(time.perf_counter() - start)
            return min(taken)

        session_id = None
        session_id = str(ask("hello")["session_id"])  # type: ignore[assignment]
        ask("price of apple " * 20)
        lengthened(served, session_id, 200)  # type: ignore[arg-type]
        detail = f"{listed}/{session_id}"
        before = (best_s(), best_s(detail), best_s(listed), len(client.get(detail).content))
        lengthened(served, session_id, 20_000)  # type: ignore[arg-type]
        after = (best_s(), best_s(detail), best_s(listed), len(client.get(detail).content))
        assert all(late < 5 * early + 0.05 for early, late in zip(before[:3], after[:3], strict=True)), (before, after)
        assert after[3] < 1.1 * before[3]
        page = client.get(detail, params={"limit": 2, "offset": 19_999}).json()
        assert [one["number"] for one in page["turns"]] == [20_000, 20_001]
        assert (page["turn_count"], page["limit"], page["offset"]) == (20_005, 2, 19_999)
        assert client.get(detail, params={"limit": 201}).status_code == 422


async def test_a_full_session_is_told_on_the_socket_and_over_http(tmp_path: Path) -> None:
    with serving(tmp_path, max_session_turns=2) as served:
        async with talking(served) as talker:
            session = await talker.init(user_id="ada")
            await talker.works()
            await talker.works()
            await talker.send("text", text="hello")
            assert "MAX_SESSION_TURNS" in await talker.refusal("session_full")
            await talker.send("audio_chunk", audio_chunk="AAAA", format="pcm16", is_final=True)
            await talker.refusal("session_full")
        assert len(served.turns(session["session_id"])) == 2
        body = {"command": "hello", "user_id": "ada", "session_id": session["session_id"]}
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{served.http}/api/voice/command", json=body)
            assert (answer.status_code, answer.json()["detail"]["code"]) == (409, "session_full")
            fresh = await client.post(f"{served.http}/api/voice/command", json={"command": "hello"})
            assert fresh.status_code == 200


async def test_old_sessions_are_removed_by_a_server_that_is_told_to(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        async with talking(served) as talker:
            old = await talker.init()
            await talker.works()
    with sqlite3.connect(tmp_path / "history.sqlite3") as connection:
        connection.execute("UPDATE sessions SET updated_at = '2020-01-01T00:00:00.000000+00:00'")
    connection.close()
    with serving(tmp_path, history_days=30) as served:
        await asyncio.to_thread(until, lambda: served.rows("SELECT * FROM sessions") == [])
        assert served.turns(old["session_id"]) == []
