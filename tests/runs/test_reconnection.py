"""A target that disappears: the run waits, then stops as interrupted, without losing or repeating turns."""

import asyncio
import json
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.support.command_line import voicelab
from tests.support.commands import started_server
from tests.support.fragile_server import FragileServer, Misbehave
from tests.support.recordings import write_recording
from voicelab.errors import ConnectionLostError, RunInterruptedError
from voicelab.runs import reconnection, runner
from voicelab.runs.reconnection import Reconnection
from voicelab.runs.records import RunFolder, RunSpec
from voicelab.targets.faults import owner_of


@pytest.fixture
def samples(tmp_path: Path) -> str:
    """Four samples; the last two are also the turns of a scenario, the second of which needs the first."""
    write_recording(tmp_path / "a.wav")
    shared = {"audio_path": "a.wav", "text": "one two"}
    rows = [{"id": f"s{number}", **shared} for number in range(3)]
    rows.append({"id": "s3", **shared, "requires_context": True})
    talk = {"id": "talk", "turns": ["s2", "s3"]}
    document = {"samples": {"some": rows}, "multi_turn_scenarios": [talk]}
    (tmp_path / "voice_samples.json").write_text(json.dumps(document))
    return str(tmp_path / "voice_samples.json")


def spec_for(server: FragileServer, samples: str, **changes: object) -> RunSpec:
    values: dict[str, object] = {"asr": None, "agent": None, "tts": None, "timeout_s": 5.0, "reconnect_for_s": 20.0}
    return RunSpec(samples=samples, target=server.address, **(values | changes))


def keys(folder: RunFolder) -> list[str]:
    return [turn.key for turn in folder.turns()]


def lines(folder: RunFolder) -> int:
    return (folder.path / "turns.jsonl").read_bytes().count(b"\n")


def once(at: int, how: str, then: float | None = None) -> Misbehave:
    """Misbehave at one turn; then: come back after this many seconds."""

    def misbehave(server: FragileServer, turn: int) -> str:
        if turn == at and then is not None:
            server.back_after(then)
        return how if turn == at else "answer"

    return misbehave


def test_a_target_that_is_back_after_a_moment_costs_no_turn(tmp_path, samples):
    with FragileServer(once(2, "stop", then=1.0)) as server:
        folder, run = runner.evaluate(spec_for(server, samples), tmp_path, run_id="r")
    assert run.status == "finished"
    assert [turn.status for turn in folder.turns()] == ["answered"] * run.planned_turns
    assert lines(folder) == run.planned_turns
    (outage,) = folder.read().outages
    assert 0.5 < outage.duration_s < 20
    assert outage.owner == "harness"


def test_a_target_that_stays_away_interrupts_the_run_and_resume_takes_the_rest_once(tmp_path, samples):
    with FragileServer(once(3, "stop")) as server:
        with pytest.raises(RunInterruptedError, match=r"not be reached for 0\.6 s.*voicelab evaluate --resume .*/r$"):
            runner.evaluate(spec_for(server, samples, reconnect_for_s=0.6), tmp_path, run_id="r")
        folder = RunFolder(tmp_path / "r")
        run = folder.read()
        assert (run.status, len(folder.turns()), run.planned_turns) == ("interrupted", 2, 5)
        assert "could not be reached" in run.failure
        listed = voicelab("runs", "list", "--out", tmp_path)
        assert "interrupted" in listed.stdout
        assert "--resume" in listed.stdout
        refused = voicelab("evaluate", "--resume", folder.path)
        assert refused.exit_code == 2, "the server is still away"
        assert folder.read() == run
        server.start()
        _, resumed = runner.resume(folder.path)
    assert (resumed.status, resumed.failure, resumed.resumed) == ("finished", None, 1)
    assert len(keys(folder)) == len(set(keys(folder))) == lines(folder) == 5
    assert all(turn.status == "answered" for turn in folder.turns())


def test_a_turn_that_ends_every_connection_is_the_agents_fault_and_is_taken_again_by_resume(tmp_path, samples):
    with FragileServer(lambda _, turn: "drop" if turn in (2, 3) else "answer") as server:
        folder, run = runner.evaluate(spec_for(server, samples), tmp_path, run_id="r")
        assert run.status == "finished"
        (broken,) = [turn for turn in folder.turns() if turn.status == "failed"]
        assert (broken.failure.code, broken.failure.owner) == ("connection_lost", "agent")
        unanswered = voicelab("runs", "list", "--out", tmp_path, "--json")
        assert '"unanswered": 1' in unanswered.stdout
        _, resumed = runner.resume(folder.path)
        assert resumed.status == "finished"
        assert [turn.status for turn in folder.turns()] == ["answered"] * 5
        assert lines(folder) == 6, "the fault stays in the file"
        assert runner.resume(folder.path)[1] == resumed, "nothing is left to take"


def test_a_target_that_falls_silent_stops_the_run_after_a_few_turns(tmp_path, samples):
    with (
        FragileServer(lambda _, turn: "answer" if turn == 1 else "silence") as server,
        pytest.raises(RunInterruptedError, match="3 turns in a row got no reply"),
    ):
        runner.evaluate(spec_for(server, samples, timeout_s=0.3), tmp_path, run_id="r")
    turns = RunFolder(tmp_path / "r").turns()
    assert [turn.status for turn in turns] == ["answered", "failed", "failed", "failed"]
    assert {(turn.failure.code, turn.failure.owner) for turn in turns[1:]} == {("no_reply", "agent")}


def test_a_scenario_whose_session_is_lost_begins_again(tmp_path, samples):
    """A later turn needs the context of the earlier ones."""

    def forget(server: FragileServer, turn: int) -> str:
        if turn != 5:
            return "answer"
        server.sessions.clear()
        return "drop"

    with FragileServer(forget) as server:
        folder, run = runner.evaluate(spec_for(server, samples), tmp_path, run_id="r")
    turns = {turn.key: turn for turn in folder.turns()}
    assert (run.status, len(turns)) == ("finished", 5)
    assert turns["talk/1"].session_id == turns["talk/2"].session_id
    assert (turns["talk/1"].heard, turns["talk/2"].heard) == ("turn 6", "turn 7")


def test_a_run_whose_own_server_is_killed_says_so_and_goes_on(tmp_path, samples):
    spec = RunSpec(samples=samples, asr="fake:delay_s=0.3", agent="fake", tts="fake")
    folder = RunFolder(tmp_path / "r")

    def kill(done: int, _total: int, _turn: object) -> None:
        if done == 1 and not killed.is_set():
            killed.set()
            os.kill(started_server(folder), signal.SIGKILL)

    killed = threading.Event()
    with pytest.raises(RunInterruptedError, match=r"server of this run was killed by signal 9 .*server\.log.*--resume"):
        runner.evaluate(spec, tmp_path, run_id="r", progress=kill)
    assert (folder.read().status, keys(folder)) == ("interrupted", ["s0"])
    _, run = runner.resume(folder.path)
    assert (run.status, lines(folder)) == ("finished", 5)
    assert all(turn.status == "answered" for turn in folder.turns())


async def test_pauses_grow_up_to_a_bound(monkeypatch):
    clock = [0.0]
    pauses: list[float] = []

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)
        clock[0] += pause_s

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(reconnection, "monotonic", lambda: clock[0])
    waiting = Reconnection(60.0)

    async def wait_for_ever() -> None:
        while True:
            await waiting.wait(ConnectionLostError("gone"))

    with pytest.raises(RunInterruptedError):
        await wait_for_ever()
    assert pauses == sorted(pauses[:-1]) + pauses[-1:]
    assert max(pauses) == reconnection.LONGEST_PAUSE_S
    assert sum(pauses) == pytest.approx(60.0)
    assert [outage.duration_s for outage in waiting.outages] == [pytest.approx(60.0)]


@pytest.mark.parametrize(
    ("code", "owner"),
    [("engine_failed", "agent"), ("no_speech", "agent"), ("internal_error", "agent"), ("no_reply", "agent"),
     ("connection_lost", "harness"), ("bad_sample", "harness"), ("a code of tomorrow", "agent")],
)  # fmt: skip
def test_each_fault_has_an_owner(code, owner):
    assert owner_of(code) == owner
