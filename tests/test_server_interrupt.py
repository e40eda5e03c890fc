"""A reply that is interrupted stops at once, wherever it is; what was said of it is remembered, and all else is not."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.history import History
from tests.serving import TONE, Served, Talker, serving, talking, until

LONG = " ".join(f"Sentence number {number} is this one." for number in range(1, 61))
"""Sixty sentences of two seconds each."""
SPEECH = base64.b64encode(TONE.to_pcm16()).decode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), agent=f"fake:text={LONG}", reply_lead_s=5) as running:
        yield running


async def speak(talker: Talker) -> None:
    await talker.send("audio_chunk", audio_chunk=SPEECH, format="pcm16", is_final=True)


async def until_interrupted(talker: Talker) -> tuple[list[str], dict[str, Any]]:
    """The names of the events before it, and its data."""
    names = []
    while True:
        name, data = await talker.receive()
        if name == "interrupted":
            return names, data
        names.append(name)


async def first_chunks(talker: Talker, count: int) -> None:
    while count:
        name, _ = await talker.receive()
        count -= name == "audio_chunk"


async def test_nothing_of_the_old_reply_comes_after_interrupted(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init(paced=True, turn_ids=True)
        await talker.send("text", text="go on")
        turn_id = (await talker.expect("agent_response"))["turn_id"]
        await first_chunks(talker, 2)
        await talker.send("interrupt")
        names, interrupted = await until_interrupted(talker)
        assert set(names) <= {"audio_chunk"}
        assert interrupted["turn_id"] == turn_id
        assert interrupted["session_id"] == session["session_id"]
        assert 0 < interrupted["stop_ms"] < 5_000
        assert interrupted["changes"] is None
        await talker.send("heartbeat")
        await talker.expect("heartbeat")
        await talker.send("text", text="next")
        following = await talker.expect("agent_response")
        assert following["turn_id"] != turn_id
        assert (await talker.expect("audio_chunk"))["turn_id"] == following["turn_id"]


async def test_what_was_spoken_is_what_is_remembered(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init(paced=True)
        await talker.send("text", text="go on")
        await talker.expect("agent_response")
        await first_chunks(talker, 5)
        await talker.send("interrupt")
        _, interrupted = await until_interrupted(talker)
        assert interrupted["said"]
        assert LONG.startswith(interrupted["said"])
        assert len(interrupted["said"]) < len(LONG) / 2
        (turn,) = served.turns(session["session_id"])
        assert (turn["error"], turn["agent_response"]) == ("interrupted", interrupted["said"])
        assert served.services is not None
        dialogue = await served.services.history.dialogue(session["session_id"], "anonymous")
        assert [exchange.answer for exchange in dialogue.exchanges] == [interrupted["said"]]


@pytest.mark.parametrize("stage", ["asr", "agent", "tts"])
async def test_every_stage_can_be_stopped(tmp_path: Path, stage: str) -> None:
    """The engine's call takes so long that only a turn that was not waited for can end in time."""
    with serving(tmp_path, **{stage: "fake:delay_s=1.5"}) as served:
        async with talking(served) as talker:
            session = await talker.init()
            await speak(talker)
            for event in {"asr": [], "agent": ["transcription"], "tts": ["transcription", "agent_response"]}[stage]:
                await talker.expect(event)
            await talker.send("interrupt")
            names, interrupted = await until_interrupted(talker)
            assert names == []
            assert interrupted["stop_ms"] < 1_500
            assert interrupted["said"] == ""
            (turn,) = served.turns(session["session_id"])
            assert (turn["error"], turn["agent_response"] or "") == ("interrupted", "")
            await speak(talker)
            assert "error" not in (await talker.answer()).names


async def test_a_change_of_the_watchlist_is_cancelled_with_the_reply(tmp_path: Path) -> None:
    with serving(tmp_path, agent=f"fake:adds=NVDA,text={LONG.replace(',', '')}") as served:
        async with talking(served) as talker:
            await talker.init(paced=True)
            await talker.send("text", text="add it")
            await first_chunks(talker, 1)
            await talker.send("interrupt")
            _, interrupted = await until_interrupted(talker)
            assert interrupted["changes"] == "cancelled"
            assert served.rows("SELECT * FROM watchlist") == []


async def test_a_change_that_is_being_written_is_done_once_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interrupt comes in the middle of the transaction: it is neither torn nor repeated."""
    writing = asyncio.Event()
    record = History.record

    async def slow(*arguments: Any) -> None:
        loop.call_soon_threadsafe(writing.set)
        await asyncio.sleep(0.3)
        await record(*arguments)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(History, "record", slow)
    with serving(tmp_path, agent="fake:adds=NVDA,text=Done") as served:
        async with talking(served) as talker:
            session = await talker.init()
            await talker.send("text", text="add it")
            await writing.wait()
            await talker.send("interrupt")
            _, interrupted = await until_interrupted(talker)
            assert interrupted["changes"] == "done"
            assert [row["ticker"] for row in served.rows("SELECT * FROM watchlist")] == ["NVDA"]
            assert [turn["error"] for turn in served.turns(session["session_id"])] == [None]


async def test_the_next_turn_sent_during_a_reply_is_kept_whole(served: Served) -> None:
    """Its chunks wait for their turn; the interrupt overtakes them and costs none."""
    pcm = TONE.to_pcm16()
    async with talking(served) as talker:
        await talker.init(paced=True)
        await talker.send("text", text="go on")
        await first_chunks(talker, 1)
        await talker.say([pcm[start : start + 640] for start in range(0, len(pcm), 640)], format="pcm16")
        await talker.send("interrupt")
        await until_interrupted(talker)
        assert (await talker.expect("transcription"))["text"] == "you spoke 1.00 seconds"
        await talker.send("interrupt")
        await until_interrupted(talker)


async def test_an_interrupt_that_overtakes_nothing_is_answered_and_changes_nothing(served: Served) -> None:
    nothing = {"turn_id": None, "stop_ms": None, "said": None, "changes": None}
    async with talking(served) as talker:
        await talker.send("interrupt")
        assert await talker.expect("interrupted") == {"session_id": None, **nothing}
        session = await talker.init()
        await talker.send("audio_chunk", audio_chunk=SPEECH, format="pcm16", is_final=False)
        await talker.send("interrupt")
        assert await talker.expect("interrupted") == {"session_id": session["session_id"], **nothing}
        await speak(talker)
        assert (await talker.expect("transcription"))["text"] == "you spoke 2.00 seconds"


async def test_an_interrupt_for_another_turn_leaves_this_one(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.send("text", text="go on")
        await talker.expect("agent_response")
        await talker.send("interrupt", turn_id="of long ago")
        _, interrupted = await until_interrupted(talker)
        assert interrupted["turn_id"] is None
        await talker.answer()


async def test_a_heartbeat_is_answered_while_a_reply_is_spoken(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init(paced=True)
        await talker.send("text", text="go on")
        await first_chunks(talker, 1)
        await talker.send("heartbeat")
        while (await talker.receive())[0] != "heartbeat":
            pass


async def test_a_paced_reply_runs_ahead_by_its_lead_and_no_more(served: Served) -> None:
    """Of two minutes of speech the first seconds come at once; the rest waits until they have been heard."""
    async with talking(served) as talker:
        await talker.init(paced=True, audio_format="pcm16")
        await talker.send("text", text="go on")
        await talker.expect("agent_response")
        loop, sent = asyncio.get_running_loop(), 0
        begun = loop.time()
        while loop.time() - begun < 1.0:
            sent += len(base64.b64decode((await talker.expect("audio_chunk"))["audio_chunk"]))
        played_s, sent_s = loop.time() - begun, sent / 48_000
        assert 4 < sent_s < played_s + 5 + 1.5, "the lead, what has been played, and the chunk under way"


async def test_who_did_not_ask_for_a_pace_has_the_reply_as_fast_as_it_is_made(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init(events=["turn_metrics"])
        await talker.send("text", text="go on")
        assert (await talker.answer()).one("turn_metrics")["reply_audio_s"] == pytest.approx(120, abs=5)


async def test_turns_that_were_stopped_leave_no_streams_behind(tmp_path: Path) -> None:
    with serving(tmp_path, asr="fake:delay_s=0.2") as served:
        assert served.services is not None
        async with talking(served) as talker:
            await talker.init()
            for _ in range(5):
                await speak(talker)
                await talker.send("interrupt")
                await until_interrupted(talker)
        lanes = served.services.pipeline.asr._lanes
        await asyncio.to_thread(until, lambda: sum(lane.open_streams for lane in lanes) == 0)
