"""The history stores turns correctly in both databases, also with concurrent writers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from sqlalchemy.exc import IntegrityError

from server.history import History, SessionGoneError, TurnRecord
from voicelab.agent.base import Dialogue, Entity, Reply, WatchlistChange
from voicelab.pipeline.stage_times import StageTimes


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[History]:
    opened = await History.open(database_url)
    yield opened
    await opened.close()


def answered(text: str = "y", **fields: object) -> TurnRecord:
    return TurnRecord("typed", heard="x", reply=Reply(text, "echo", **fields))  # type: ignore[arg-type]


def adding(*tickers: str) -> TurnRecord:
    return answered("Added.", changes=tuple(WatchlistChange("add", ticker) for ticker in tickers))


async def test_a_turn_comes_back_as_it_was(history: History) -> None:
    session_id = await history.start_session("Jürgen &")
    apple = Entity("company", "AAPL", "Apple", "apple", 1.0)
    times = StageTimes(audio_s=1.5, asr_s=0.25)
    reply = Reply("Apple is at 200.", "price_query", entities=(apple,))
    await history.record(session_id, "Jürgen &", TurnRecord("spoken", "价格 apple", reply, times, 3200, 6400))
    await history.record(session_id, "Jürgen &", TurnRecord("spoken", error="no_speech"))
    found = await history.session(session_id)
    assert found is not None
    assert found.turn_count == 2
    turn, failed = await history.turns(session_id, limit=9)
    assert (found.user_id, turn.transcription, turn.agent_response) == (
        "Jürgen &",
        "价格 apple",
        "Apple is at 200.",
    )
    assert (turn.intent, json.loads(turn.entities)[0]["value"], turn.error) == ("price_query", "AAPL", None)
    stage_times = json.loads(turn.stage_times)
    assert (stage_times["asr_s"], stage_times["tts_s"]) == (0.25, None)
    assert (turn.audio_bytes_in, turn.audio_bytes_out) == (3200, 6400)
    assert (failed.number, failed.error, failed.transcription, failed.entities) == (2, "no_speech", None, "[]")
    dialogue = await history.dialogue(session_id, "Jürgen &")
    assert [exchange.heard for exchange in dialogue.exchanges] == ["价格 apple"]


async def test_an_answer_that_was_not_heard_whole_is_shortened_and_nothing_else_changes(history: History) -> None:
    session_id = await history.start_session("ada")
    turn, other = adding("NVDA"), answered("Another.")
    turn.row_id = await history.record(session_id, "ada", turn)
    await history.record(session_id, "ada", other)
    await history.shorten_answer(turn, "Add")
    dialogue = await history.dialogue(session_id, "ada")
    assert [exchange.answer for exchange in dialogue.exchanges] == ["Add", "Another."]
    assert dialogue.watchlist == ("NVDA",)


async def test_text_that_a_database_cannot_hold_costs_no_turn(history: History) -> None:
    """Regression: PostgreSQL cannot store NUL, and no driver lone surrogates; the turn was lost."""
    session_id = await history.start_session("a\0da")
    await history.record(session_id, "a\0da", TurnRecord("typed", heard="\0 \ud83d", reply=Reply("\0", "echo")))
    assert await history.has_session(session_id, "a\0da")
    (turn,) = await history.turns(session_id, limit=9)
    assert (turn.transcription, turn.agent_response) == ("\ufffd ?", "\ufffd")


@pytest.mark.parametrize("session_id", ["", "\0", "\ud83d", "none", "../../etc/passwd", "' OR 1=1 --"])
async def test_what_is_no_id_is_no_session(history: History, session_id: str) -> None:
    assert not await history.has_session(session_id, "ada")
    assert not await history.resume_session(session_id, "ada")
    assert await history.session(session_id) is None


async def test_a_session_is_open_until_it_ends_and_again_when_it_is_resumed(history: History) -> None:
    async def ended_at() -> str | None:
        found = await history.session(session_id)
        assert found is not None
        return found.ended_at

    session_id = await history.start_session("ada")
    assert await ended_at() is None
    await history.end_session(session_id)
    assert datetime.fromisoformat(await ended_at() or "").utcoffset() is not None
    assert not await history.resume_session(session_id, "eve")
    assert await ended_at() is not None
    assert await history.resume_session(session_id, "ada")
    assert await ended_at() is None


async def test_many_writers_at_once_wait_for_each_other(database_url: str) -> None:
    """Regression: with PostgreSQL, two servers used the same turn number, and one of the turns was lost."""
    histories = [await History.open(database_url) for _ in range(4)]
    try:
        session_id = await histories[0].start_session("ada")
        await asyncio.gather(
            *(history.record(session_id, "ada", answered()) for history in histories for _ in range(10))
        )
        turns = await histories[0].turns(session_id, limit=100)
        assert [turn.number for turn in turns] == list(range(1, 41))
    finally:
        for history in histories:
            await history.close()


async def test_changes_of_one_watchlist_at_once_neither_meet_nor_wait_for_ever(database_url: str) -> None:
    histories = [await History.open(database_url) for _ in range(4)]
    try:
        orders = [("NVDA", "AAPL", "TSLA"), ("TSLA", "AAPL", "NVDA")] * 4
        sessions = [await histories[0].start_session("ada") for _ in orders]
        await asyncio.gather(
            *(
                histories[number % 4].record(session_id, "ada", adding(*order))
                for number, (session_id, order) in enumerate(zip(sessions, orders, strict=True))
            )
        )
        watched = (await histories[0].dialogue(sessions[0], "ada")).watchlist
        assert watched in orders
    finally:
        for history in histories:
            await history.close()


async def test_changes_are_made_with_the_turn_or_not_at_all(history: History) -> None:
    session_id = await history.start_session("ada")
    add = adding("NVDA").reply
    assert add is not None
    await history.record(session_id, "ada", TurnRecord("typed", heard="x", reply=add, error="engine_failed"))
    assert await history.dialogue(session_id, "ada") == Dialogue("ada")
    await history.record(session_id, "ada", adding("NVDA"))
    after = Dialogue("ada").after("x", add)
    assert await history.dialogue(session_id, "ada") == after
    with pytest.raises(IntegrityError):
        await history.record(session_id, "ada", adding(None))  # type: ignore[arg-type]
    assert await history.dialogue(session_id, "ada") == after


async def test_a_turn_needs_its_session_and_an_error_does_not_show_what_was_said(history: History) -> None:
    """Regression: the log contained a database error whose text listed the written values."""
    with pytest.raises(SessionGoneError) as gone:
        await history.record("none", "ada", answered("xylophone"))
    session_id = await history.start_session("ada")
    with pytest.raises(IntegrityError) as caught:
        await history.record(session_id, "ada", TurnRecord(None, heard="xylophone"))  # type: ignore[arg-type]
    assert "xylophone" not in f"{caught.value} {gone.value}"


async def test_sessions_come_by_page_newest_first(history: History) -> None:
    made = [await history.start_session(user) for user in ("ada", "eve", "ada", "ada")]
    await history.record(made[0], "ada", answered())
    page, total = await history.sessions("ada", limit=2, offset=1)
    assert ([summary.session_id for summary in page], total) == ([made[2], made[0]], 3)
    assert [summary.turn_count for summary in page] == [0, 1]
    assert (await history.sessions(None, limit=9, offset=0))[1] == 4


async def test_an_sqlite_history_opens_no_file_after_its_start(tmp_path: Path) -> None:
    def opened() -> list[str]:
        return sorted(file.path for file in psutil.Process().open_files() if str(tmp_path) in file.path)

    history = await History.open(f"sqlite:///{tmp_path / 'history.sqlite3'}")
    before = opened()
    assert before
    await asyncio.gather(
        *(history.start_session("ada") for _ in range(20)), *(history.session(str(UUID(int=1))) for _ in range(20))
    )
    assert opened() == before
    await history.close()
    assert opened() == []
