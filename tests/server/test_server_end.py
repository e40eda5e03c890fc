"""Server shutdown: no new turns, running ones finish or are announced, sessions are closed, all within a limit."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.history import History
from tests.support.serving import TONE, Served, Talker, is_running, serving, spawned, talking, until
from voicelab.agent.fake import FakeAgent

FAKES = ("--asr", "fake", "--agent", "fake", "--tts", "fake")
SESSIONS = "/api/conversation-sessions/sessions"
BUSY_S = 9.0
"""What a busy machine may take to end a process. SHUTDOWN_LIMIT_S is 20 by default."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The agent answers only once this is set."""
    go_on = threading.Event()
    respond = FakeAgent.respond
    monkeypatch.setattr(FakeAgent, "respond", lambda *arguments: go_on.wait() and respond(*arguments))
    yield go_on
    go_on.set()


def end(served: Served) -> None:
    """As a signal does."""
    assert served.server is not None
    served.server.should_exit = True


async def until_draining(served: Served) -> None:
    assert served.services is not None
    await asyncio.to_thread(until, served.services.draining.is_set)


async def sent_away(talker: Talker) -> None:
    assert "session_id" in await talker.refusal("going_away")
    with pytest.raises(ConnectionClosed) as caught:
        await talker.receive()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1001


def session_rows(served: Served) -> list[dict[str, object]]:
    return served.rows("SELECT * FROM sessions ORDER BY created_at")


async def test_a_session_is_closed_when_its_connection_is_and_open_again_when_it_is_resumed(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init(user_id="ada")
        assert session_rows(served)[0]["ended_at"] is None
    await asyncio.to_thread(until, lambda: session_rows(served)[0]["ended_at"] is not None)
    async with talking(served) as talker:
        await talker.init(user_id="ada", session_id=session["session_id"])
        assert session_rows(served)[0]["ended_at"] is None
        response = await asyncio.to_thread(httpx.get, f"{served.http}{SESSIONS}/{session['session_id']}")
        assert response.json()["ended_at"] is None


async def test_a_session_of_two_connections_ends_with_the_last_of_them(served: Served) -> None:
    async with talking(served) as first:
        session_id = (await first.init(user_id="ada"))["session_id"]
        async with talking(served) as second, talking(served) as stranger:
            await second.init(user_id="ada", session_id=session_id)
            await stranger.send("init", user_id="bob", session_id=session_id)
            await stranger.refusal("unknown_session")
            await first.socket.close()
            await stranger.socket.close()
            assert served.services is not None
            await asyncio.to_thread(until, lambda: served.services.active_connections == 1)
            await second.send("text", text="hello")
            await second.answer()
            assert session_rows(served)[0]["ended_at"] is None
    await asyncio.to_thread(until, lambda: session_rows(served)[0]["ended_at"] is not None)


async def test_who_is_idle_is_sent_away_at_once_and_the_session_closed(served: Served) -> None:
    async with talking(served) as idle, talking(served) as silent:
        await idle.init(user_id="ada")
        end(served)
        await sent_away(idle)
        await sent_away(silent)
    await asyncio.to_thread(until, lambda: [row["ended_at"] is None for row in session_rows(served)] == [False])


async def test_a_turn_that_runs_is_answered_to_its_end(served: Served, held: threading.Event) -> None:
    async with talking(served) as talker:
        session = await talker.init()
        await talker.send("text", text="hello")
        end(served)
        await until_draining(served)
        held.set()
        answer = await talker.answer()
        assert answer.one("agent_response")["text"] == "Turn 1. hello."
        await sent_away(talker)
    (turn,) = served.turns(session["session_id"])
    assert turn["error"] is None


async def test_who_is_speaking_may_end_the_sentence(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init()
        await talker.begin_speaking()
        end(served)
        await until_draining(served)
        await talker.say([TONE.to_pcm16()], format="pcm16")
        assert (await talker.answer()).names[-1] == "audio_chunk"
        await sent_away(talker)
    assert [turn["error"] for turn in served.turns(session["session_id"])] == [None]


async def test_no_turn_begins_any_more(served: Served, held: threading.Event) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.send("text", text="hello")
        end(served)
        await until_draining(served)
        ready = await asyncio.to_thread(httpx.get, f"{served.http}/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "draining")
        assert (await asyncio.to_thread(httpx.get, f"{served.http}/health/live")).status_code == 200
        command = await asyncio.to_thread(httpx.post, f"{served.http}/api/voice/command", json={"command": "hello"})
        assert (command.status_code, command.json()["detail"]["code"]) == (503, "going_away")
        speech = await asyncio.to_thread(httpx.post, f"{served.http}/v1/audio/speech", json={})
        assert (speech.status_code, speech.json()["error"]["code"]) == (503, "going_away")
        with pytest.raises(InvalidStatus) as caught:
            await talking(served).__aenter__()
        assert caught.value.response.status_code == 503
        await talker.send("text", text="one more")
        held.set()
        assert (await talker.answer()).names[-1] == "audio_chunk"
        assert (await talker.answer()).names == ["error"]
    assert len(served.rows("SELECT * FROM turns")) == 1


async def test_a_turn_that_outlasts_the_limit_is_announced_and_kept_as_failed(tmp_path: Path) -> None:
    with serving(tmp_path, shutdown_limit_s=4) as served:
        async with talking(served) as talker:
            session = await talker.init()
            await talker.begin_speaking()
            end(served)
            await sent_away(talker)
    (turn,) = served.turns(session["session_id"])
    assert turn["error"] == "going_away"
    assert session_rows(served)[0]["ended_at"] is not None


async def test_a_turn_that_is_cut_off_while_it_is_written_is_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: it was stored a second time, as a failure."""
    record, begun, go_on = History.record, threading.Event(), threading.Event()

    async def record_slowly(*arguments: Any) -> None:
        begun.set()
        await asyncio.to_thread(go_on.wait)
        await record(*arguments)

    with serving(tmp_path, shutdown_limit_s=4) as served:
        async with talking(served) as talker:
            session = await talker.init()
            monkeypatch.setattr(History, "record", record_slowly)
            await talker.send("text", text="hello")
            await asyncio.to_thread(begun.wait)
            end(served)
            answer = await talker.answer()
            assert answer.one("error")["code"] == "going_away"
            go_on.set()
            await asyncio.to_thread(until, lambda: len(served.turns(session["session_id"])) > 0)
    assert [turn["error"] for turn in served.turns(session["session_id"])] == [None]


async def test_a_second_ctrl_c_waits_for_no_turn(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init()
        await talker.begin_speaking()
        end(served)
        await until_draining(served)
        assert served.server is not None
        served.server.handle_exit(signal.SIGINT, None)
        await sent_away(talker)
        assert served.services is not None
        await asyncio.to_thread(until, lambda: not served.services.connections)
    assert [turn["error"] for turn in served.turns(session["session_id"])] == ["going_away"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_does_all_that_in_a_process_of_its_own(tmp_path: Path, how: signal.Signals) -> None:
    with spawned(tmp_path, *FAKES) as served:
        assert served.pid is not None
        async with talking(served) as talker, talking(served) as other:
            session = await talker.init(user_id="ada")
            await other.init(user_id="eve")
            await talker.begin_speaking()
            os.kill(served.pid, how)
            await sent_away(other)
            await talker.say([TONE.to_pcm16()], format="pcm16")
            assert (await talker.answer()).names[-1] == "audio_chunk"
            await sent_away(talker)
        _, status = await asyncio.to_thread(os.waitpid, served.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
    assert [turn["error"] for turn in served.turns(session["session_id"])] == [None]
    assert all(row["ended_at"] for row in session_rows(served))


async def test_what_hangs_cannot_hold_it_beyond_its_limit(tmp_path: Path) -> None:
    """A client that does not read, send or disconnect does not delay the shutdown."""
    with spawned(tmp_path, *FAKES, SHUTDOWN_LIMIT_S="1") as served:
        assert served.pid is not None
        async with talking(served) as talker:
            await talker.init()
            talker.socket.transport.pause_reading()
            for _ in range(40):
                await talker.send("text", text="a long and windy sentence " * 70)
            await asyncio.sleep(0.5)
            os.kill(served.pid, signal.SIGTERM)
            told_s = time.monotonic()
            await asyncio.to_thread(until, lambda: not is_running(served.pid or 0))
            assert time.monotonic() - told_s < 1 + BUSY_S
            talker.socket.transport.abort()


async def test_an_engine_that_hangs_cannot_hold_it_either(tmp_path: Path) -> None:
    """A hung thread cannot be stopped; the process exits nevertheless, with a message."""
    hanging = ("--asr", "fake", "--agent", "fake:delay_s=60", "--tts", "fake")
    with spawned(tmp_path, *hanging, SHUTDOWN_LIMIT_S="2") as served:
        assert served.pid is not None
        async with talking(served) as talker:
            session = await talker.init()
            await talker.send("text", text="hello")
            await talker.send("heartbeat")
            await talker.expect("heartbeat")
            os.kill(served.pid, signal.SIGTERM)
            told_s = time.monotonic()
            await sent_away(talker)
        _, status = await asyncio.to_thread(os.waitpid, served.pid, 0)
        assert time.monotonic() - told_s < 2 + BUSY_S
        assert os.waitstatus_to_exitcode(status) == 1
    assert "shutdown took longer than SHUTDOWN_LIMIT_S" in (tmp_path / "server.log").read_text()
    assert [turn["error"] for turn in served.turns(session["session_id"])] == ["going_away"]
