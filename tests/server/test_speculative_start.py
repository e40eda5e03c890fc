"""Speculative start: the answer starts in a pause; it is used if the turn ends there, and otherwise dropped."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.session import partials
from tests.support.serving import Served, serving, talking
from tests.support.tones import tone
from tests.support.voices import chunked, in_a_room
from voicelab.agent.fake import FakeAgent
from voicelab.audio.clip import Clip
from voicelab.vad.endpoint import Endpointer

EVENTS = ["speech_stopped", "turn_metrics"]
ONE_TURN = in_a_room(0.2, tone(0.8), after_s=1.5)
WITH_A_PAUSE = in_a_room(0.2, tone(0.8), 0.4, tone(0.6), after_s=1.5)
PACE = 0.2
"""Seconds to wait per second of audio, so that a partial transcript is requested in the pause."""


@pytest.fixture(autouse=True)
def partials_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partials, "_EVERY_S", 0.0)


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The events in order: the dialogue of each call of the agent, and "end" when the end is decided."""
    found: list[Any] = []
    respond, end = FakeAgent.respond, Endpointer._end
    monkeypatch.setattr(FakeAgent, "respond", lambda *given: found.append(given[2]) or respond(*given))
    monkeypatch.setattr(Endpointer, "_end", lambda *given: found.append("end") or end(*given))
    return found


def serving_early(folder: Path, *, early: bool, agent: str = "fake:text=One is here. Two is here.") -> Any:
    return serving(
        folder, vad="energy", turn_end="silence:silence_s=0.6", asr="fake:text=tell me more", agent=agent,
        tts="fake:words_per_s=5000", realtime_slack_s=60, speculative_start=early,
    )  # fmt: skip


async def converse(served: Served, sound: Clip) -> tuple[list[tuple[str, Any]], list[dict[str, Any]]]:
    """Run a turn; return its events up to the end of the reply, and the rows of the history."""
    async with talking(served) as talker:
        session = await talker.init(mode="continuous", events=EVENTS)
        await talker.stream(chunked(sound, 1), pace=PACE)
        events = (await talker.answer()).events
    return events, served.turns(session["session_id"])


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not re.search(r"id$|_at$|times|audio_bytes_in", name)}


def answered(served: Served) -> float:
    page = httpx.get(f"{served.http}/metrics").text
    return sum(float(count) for count in re.findall(r"^voicelab_turns_total\{.*?\} (\S+)$", page, re.MULTILINE))


async def test_a_kept_answer_was_begun_before_the_end_and_is_the_ordinary_one(tmp_path: Path, order: list[Any]) -> None:
    found = {}
    for early in (False, True):
        order.clear()
        with serving_early(tmp_path / str(early), early=early) as served:
            events, rows = await converse(served, ONE_TURN)
        assert [type(one).__name__ for one in order] == (["Dialogue", "str"] if early else ["str", "Dialogue"])
        metrics = next(data for name, data in events if name == "turn_metrics")
        found[early] = (
            [name for name, _ in events],
            [without_times(row) for row in rows],
            {name for name, value in metrics.items() if value is not None},
        )
    assert found[True] == found[False]
    assert len(found[True][1]) == 1


async def test_a_dropped_answer_leaves_no_turn_no_change_and_no_figure(tmp_path: Path, order: list[Any]) -> None:
    with serving_early(tmp_path, early=True, agent="fake:adds=NVDA") as served:
        before = answered(served)
        events, rows = await converse(served, WITH_A_PAUSE)
        assert [name for name, _ in events].count("agent_response") == 1
        assert [name for name, _ in events].count("transcription") == 1
        assert len(rows) == 1
        assert answered(served) - before == 1
        assert len(served.rows("SELECT * FROM watchlist")) == 1
        assert served.services is not None
        for pool in served.services.pipeline.hosts:
            assert sum(worker.open_streams for worker in pool._workers) == 0
    *asked, end = [one for one in order if one == "end" or not isinstance(one, str)]
    assert end == "end"
    assert len(asked) == 2, "begun in the pause, dropped, and begun again at the end"
    assert all(dialogue.exchanges == () and dialogue.watchlist == () for dialogue in asked)


async def test_an_answer_that_was_begun_is_dropped_when_the_client_leaves(tmp_path: Path, order: list[Any]) -> None:
    with serving_early(tmp_path, early=True, agent="fake:adds=NVDA") as served:
        before = answered(served)
        async with talking(served) as talker:
            session = await talker.init(mode="continuous", events=EVENTS)
            await talker.stream(chunked(in_a_room(0.2, tone(0.8), after_s=0.4), 1), pace=PACE)
            async with asyncio.timeout(10):
                while not order:
                    await talker.send("heartbeat")
                    await talker.expect("heartbeat")
        assert served.turns(session["session_id"]) == []
        assert served.rows("SELECT * FROM watchlist") == []
        assert answered(served) == before
