"""Every confirmed turn is in the history exactly once, whenever the server is killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage

from server.history import History
from tests.support.postgres import Postgres
from tests.support.serving import PATIENCE_S, Served, spawned, talking, until

FAKES = ("--asr", "fake", "--agent", "rules", "--tts", "fake")
COMPANIES = {"NVIDIA": "NVDA", "Apple": "AAPL", "Tesla": "TSLA", "Microsoft": "MSFT"}
CLIENTS = 4
KILLS = 2


@dataclass
class Told:
    """A client's view: its requests, the confirmed ones, and the single one whose outcome is unknown."""

    user_id: str
    sessions: list[str] = field(default_factory=list)
    turns: list[tuple[str, str]] = field(default_factory=list)
    open_turn: tuple[str, str] | None = None
    watched: list[str] = field(default_factory=list)
    open_watched: list[str] | None = None
    asked: int = 0


async def talk_until_cut_off(served: Served, told: Told, seed: int) -> None:
    """Add and remove companies, sometimes in a new session, until the server is gone."""
    choices = random.Random(f"{told.user_id} {seed}")
    try:
        while True:
            resumed = told.sessions[-1] if told.sessions and choices.random() < 0.6 else None
            async with talking(served) as talker:
                session = await talker.init(user_id=told.user_id, session_id=resumed)
                if resumed is None:
                    told.sessions.append(session["session_id"])
                assert session["session_id"] == told.sessions[-1]
                for _ in range(choices.randrange(1, 6)):
                    told.asked += 1
                    name = choices.choice(list(COMPANIES))
                    others = [ticker for ticker in told.watched if ticker != COMPANIES[name]]
                    adds = len(others) == len(told.watched)
                    verb = "add {} to" if adds else "remove {} from"
                    text = f"{verb.format(name)} my watchlist {told.asked}"
                    told.open_turn = (session["session_id"], text)
                    told.open_watched = [*told.watched, COMPANIES[name]] if adds else others
                    await talker.send("text", text=text)
                    answer = await talker.answer()
                    assert answer.names[-1] == "audio_chunk", answer.events[-1]
                    told.turns.append(told.open_turn)
                    told.watched = told.open_watched
                    told.open_turn = told.open_watched = None
    except (ConnectionClosed, InvalidMessage, OSError, EOFError, TimeoutError):
        return


async def check(url: str, everyone: list[Told]) -> int:
    """Check the history against the confirmed turns; return its number of turns."""
    history = await History.open(url)
    total = 0
    try:
        for told in everyone:
            kept: Counter[tuple[str, str]] = Counter()
            for session_id in told.sessions:
                assert await history.has_session(session_id, told.user_id), "a session that was announced is gone"
                turns = await history.turns(session_id, limit=10_000)
                assert [turn.number for turn in turns] == list(range(1, len(turns) + 1))
                kept.update((session_id, turn.transcription or "") for turn in turns if turn.error is None)
            promised = Counter(told.turns)
            assert promised <= kept, f"confirmed but not kept: {promised - kept}"
            beyond = kept - promised
            assert set(beyond) <= {told.open_turn}, f"kept but never confirmed nor asked for last: {beyond}"
            assert beyond.total() <= 1, "a turn is kept twice"
            watched = list((await history.dialogue(told.sessions[-1], told.user_id)).watchlist) if told.sessions else []
            # The unconfirmed turn exists with its change, or neither exists.
            assert watched == (told.open_watched if beyond else told.watched)
            told.turns, told.watched = list(kept.elements()), watched
            told.open_turn = told.open_watched = None
            total += kept.total()
    finally:
        await history.close()
    return total


async def test_what_was_acknowledged_survives_a_kill_at_any_instant(database_url: str, tmp_path: Path) -> None:
    everyone = [Told(f"user {number}") for number in range(CLIENTS)]
    choices = random.Random()
    kept = 0
    for kill in range(KILLS):
        with spawned(tmp_path, *FAKES, DATABASE_URL=database_url, LOG_LEVEL="warning") as served:
            await asyncio.to_thread(httpx.get, served.http, timeout=PATIENCE_S)
            assert served.pid is not None
            clients = [asyncio.create_task(talk_until_cut_off(served, told, kill)) for told in everyone]
            # While a turn runs, at a random time.
            before = sum(told.asked for told in everyone)
            await asyncio.to_thread(until, lambda asked=before: sum(t.asked for t in everyone) >= asked + 2 * CLIENTS)
            await asyncio.sleep(choices.uniform(0, 0.5))
            os.kill(served.pid, signal.SIGKILL)
            # Read what arrived before. A new connection would wait, because the socket stays open until the next start.
            await asyncio.wait(clients, timeout=1)
            for client in clients:
                client.cancel()
            for outcome in await asyncio.gather(*clients, return_exceptions=True):
                assert outcome is None or isinstance(outcome, asyncio.CancelledError), outcome
        after = await check(database_url, everyone)
        assert after > kept, "nothing was said between two kills"
        kept = after


async def test_the_check_itself_finds_a_turn_that_is_lost_and_one_that_is_kept_twice(database_url: str) -> None:
    from server.history import TurnRecord
    from voicelab.agent.base import Reply

    history = await History.open(database_url)
    session_id = await history.start_session("ada")
    record = TurnRecord("typed", heard="hello", reply=Reply("Hi.", "greeting"))
    told = Told("ada", [session_id], turns=[(session_id, "hello")])
    with pytest.raises(AssertionError, match="confirmed but not kept"):
        await check(database_url, [told])
    await history.record(session_id, "ada", record)
    assert await check(database_url, [told]) == 1
    await history.record(session_id, "ada", record)
    with pytest.raises(AssertionError, match="never confirmed"):
        await check(database_url, [told])
    await history.close()


async def test_a_database_that_comes_back_is_used_again(postgres: Postgres) -> None:
    """Regression: connections closed by the database were reused, and the next turn failed."""
    url = await postgres.fresh()
    history = await History.open(url)
    session_id = await history.start_session("ada")
    await postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        url,
    )
    assert await history.has_session(session_id, "ada")
    await history.close()
