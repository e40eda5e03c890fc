"""An interrupted reply stops immediately in every phase; only its played part is remembered."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from server.history import History
from tests.support.serving import TONE, Served, Talker, serving, talking, until
from voicelab.agent.base import Dialogue, Reply
from voicelab.agent.fake import FakeAgent

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


@dataclass
class Remembered:
    """The latest reply in the agent's context of each answer."""

    seen: list[str | None] = field(default_factory=list)


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> Remembered:
    found, respond = Remembered(), FakeAgent.respond

    def noting(agent: FakeAgent, heard: str, dialogue: Dialogue) -> Reply:
        found.seen.append(dialogue.exchanges[-1].answer if dialogue.exchanges else None)
        return respond(agent, heard, dialogue)

    monkeypatch.setattr(FakeAgent, "respond", noting)
    return found


async def reply_begins(talker: Talker) -> float:
    """Arrival of the reply's first audio on the client's clock."""
    await talker.read_to("audio_chunk")
    return perf_counter()


def words_heard(said: str, least_s: float, most_s: float) -> None:
    """The fake voice speaks three words per second; estimates by letters differ slightly."""
    assert LONG.startswith(said)
    assert 3 * least_s - 2 <= len(said.split()) <= 3 * most_s + 2


@pytest.mark.parametrize("paced", [True, False])
async def test_what_was_heard_is_what_is_remembered(served: Served, remembered: Remembered, paced: bool) -> None:
    """Less than was sent: a paced reply is sent five seconds ahead of playback, an unpaced one two minutes."""
    async with talking(served) as talker:
        session = await talker.init(paced=paced)
        await talker.send("text", text="go on")
        begun_s = await reply_begins(talker)
        if not paced:
            await talker.answer()  # which a busy machine takes a while to send
        await asyncio.sleep(max(0.0, begun_s + 1.5 - perf_counter()))
        await talker.send("interrupt")
        least_s = perf_counter() - begun_s
        _, interrupted = await until_interrupted(talker)
        words_heard(interrupted["said"], least_s, perf_counter() - begun_s)
        (turn,) = served.turns(session["session_id"])
        assert turn["agent_response"] == interrupted["said"]
        assert turn["error"] == ("interrupted" if paced else None), "an unpaced one has long been sent whole"
        await talker.send("text", text="go on")
        await talker.expect("agent_response")
        assert remembered.seen == [None, interrupted["said"]]


async def test_a_client_can_say_how_much_it_has_played(served: Served, remembered: Remembered) -> None:
    async with talking(served) as talker:
        session = await talker.init(paced=True)
        await talker.send("text", text="go on")
        await first_chunks(talker, 5)
        await talker.send("interrupt", played_s=3)
        _, interrupted = await until_interrupted(talker)
        assert interrupted["said"] == "Sentence number 1 is this one. Sentence number"
        (turn,) = served.turns(session["session_id"])
        assert turn["agent_response"] == interrupted["said"]
        await talker.send("text", text="go on")
        await talker.expect("agent_response")
        assert remembered.seen == [None, interrupted["said"]]


async def test_no_more_was_heard_than_was_sent(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init(paced=True, audio_format="pcm16")
        await talker.send("text", text="go on")
        await reply_begins(talker)
        await talker.send("interrupt", played_s=1e9)
        sent = 0
        while (event := await talker.receive())[0] != "interrupted":
            sent += len(base64.b64decode(event[1]["audio_chunk"]))
        assert 0 < len(event[1]["said"].split()) <= 3 * (sent / 48_000 + 0.2) + 2


@pytest.mark.parametrize("played_s", [-0.1, "2", True, [], 10**400])
async def test_played_seconds_that_are_none_are_refused(served: Served, played_s: Any) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.send("interrupt", played_s=played_s)
        assert "played_s" in await talker.refusal("bad_message")


async def test_a_reply_that_was_sent_whole_but_not_heard_can_be_interrupted(tmp_path: Path) -> None:
    """The turn remains answered and its changes remain; only the unheard part is forgotten."""
    with serving(tmp_path, agent=f"fake:adds=NVDA,text={LONG}") as served:
        async with talking(served) as talker:
            session = await talker.init(turn_ids=True)
            await talker.send("text", text="go on")
            turn_id = (await talker.answer()).one("agent_response")["turn_id"]
            await talker.send("interrupt", played_s=2.1, turn_id="of long ago")
            assert (await talker.expect("interrupted"))["turn_id"] is None
            await talker.send("interrupt", played_s=2.1, turn_id=turn_id)
            interrupted = await talker.expect("interrupted")
            assert interrupted["turn_id"] == turn_id
            assert (interrupted["said"], interrupted["changes"]) == ("Sentence number 1 is this one.", "done")
            (turn,) = served.turns(session["session_id"])
            assert (turn["agent_response"], turn["error"]) == (interrupted["said"], None)
            assert [row["ticker"] for row in served.rows("SELECT * FROM watchlist")] == ["NVDA"]
            await talker.send("interrupt", played_s=2.1)
            assert (await talker.expect("interrupted"))["turn_id"] is None


async def test_a_reply_that_was_heard_to_its_end_is_not_interrupted(tmp_path: Path) -> None:
    with serving(tmp_path, agent="fake:text=Done") as served:
        async with talking(served) as talker:
            session = await talker.init()
            await talker.send("text", text="go on")
            await talker.answer()
            await talker.send("interrupt", played_s=60)
            assert (await talker.expect("interrupted"))["turn_id"] is None
            await asyncio.sleep(0.5)
            await talker.send("interrupt")
            assert (await talker.expect("interrupted"))["turn_id"] is None
            assert [turn["agent_response"] for turn in served.turns(session["session_id"])] == ["Done"]


async def test_a_turn_that_had_begun_before_the_interrupt_knows_what_was_heard(
    served: Served, remembered: Remembered
) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.send("text", text="go on")
        await talker.answer()
        await talker.send("audio_chunk", audio_chunk=SPEECH, format="pcm16", is_final=False)
        await talker.send("interrupt", played_s=2.1)
        said = (await talker.expect("interrupted"))["said"]
        await speak(talker)
        await talker.answer()
        assert remembered.seen == [None, said] == [None, "Sentence number 1 is this one."]


@pytest.mark.parametrize("stage", ["asr", "agent", "tts"])
async def test_every_stage_can_be_stopped(tmp_path: Path, stage: str) -> None:
    """The engine's call takes so long that the turn ends in time only without waiting for it."""
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
    """An interrupt during the transaction neither aborts nor repeats it."""
    writing = asyncio.Event()
    record = History.record

    async def slow(*arguments: Any) -> int:
        loop.call_soon_threadsafe(writing.set)
        await asyncio.sleep(0.3)
        return await record(*arguments)

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
            assert [turn["agent_response"] for turn in served.turns(session["session_id"])] == [interrupted["said"]]
            assert [row["ticker"] for row in served.rows("SELECT * FROM watchlist")] == ["NVDA"]
            assert [turn["error"] for turn in served.turns(session["session_id"])] == [None]


async def test_the_next_turn_sent_during_a_reply_is_kept_whole(served: Served) -> None:
    """Queued chunks wait for their turn; the interrupt overtakes them without losing any."""
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
        await talker.read_to("heartbeat")


async def test_a_heartbeat_right_behind_a_turn_does_not_wait_for_its_end(tmp_path: Path) -> None:
    """Regression: an interrupt before the start of the answer was handled after it."""
    with serving(tmp_path, agent="fake:delay_s=2") as served:
        async with talking(served) as talker:
            await talker.init()
            await talker.send("text", text="go on")
            await talker.send("heartbeat")
            await talker.expect("heartbeat")
            await talker.expect("agent_response")


async def test_a_paced_reply_runs_ahead_by_its_lead_and_no_more(served: Served) -> None:
    """The first seconds of two minutes of speech are sent immediately; the rest waits for their playback."""
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
        lanes = served.services.pipeline.asr._workers
        await asyncio.to_thread(until, lambda: sum(lane.open_streams for lane in lanes) == 0)
