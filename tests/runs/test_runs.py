"""Runs: each sample once, one record per failure, equal results in process and with a server, and safe from kills."""

import asyncio
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.support.commands import alive, run_command, started_server, wait_until
from tests.support.required import SEED
from tests.support.sample_sets import samples_folder, write_set
from voicelab.datasets import load
from voicelab.errors import EngineError, InputError
from voicelab.runs import runner
from voicelab.runs.planning import plan
from voicelab.runs.records import RunFolder, RunSpec
from voicelab.runs.sent_audio import RequestAudioSource, SetRecordings
from voicelab.runs.turn_results import turn_result
from voicelab.targets.base import TurnOutcome

FAKE = RunSpec(
    samples=str(samples_folder()),
    asr="fake:text=news about apple",
    agent="rules",
    tts="fake",
    target="in-process",
    limit=9,
)


def test_every_sample_has_one_primary_turn():
    found = load(samples_folder())
    turns = [turn for conversation in plan(found) for turn in conversation.turns]
    assert sorted(turn.sample.id for turn in turns if turn.primary) == sorted(sample.id for sample in found.samples)
    assert len({turn.key for turn in turns}) == len(turns)
    for turn in turns:
        if turn.sample.requires_context and turn.primary and "/" not in turn.key:
            assert not any(turn.sample in scenario.turns[1:] for scenario in found.scenarios)


@pytest.mark.parametrize("target", ["in-process", "server"])
def test_a_run_leaves_what_it_says(tmp_path, target):
    told = []
    spec = FAKE.model_copy(update={"target": target})
    folder, run = runner.evaluate(
        spec, tmp_path, run_id="r", progress=lambda done, total, _: told.append((done, total))
    )
    turns = folder.turns()
    assert run == folder.read()
    assert (run.status, run.planned_turns) == ("finished", len(turns))
    assert run.spec == spec.model_copy(update={"normalizer": "english", "language": "en"})
    assert [engine.name for engine in run.engines] == ["fake", "rules", "fake"]
    assert run.engines[0].options == {"text": "news about apple", "delay_s": 0.0}
    assert told == [(done, len(turns)) for done in range(len(turns) + 1)]
    assert [turn.cold for turn in turns] == [True] + [False] * (len(turns) - 1)
    for turn in [turn for turn in turns if turn.text.strip()]:
        assert (turn.status, turn.heard, turn.failure) == ("answered", "news about apple", None)
        assert turn.transcript_s <= turn.reply_text_s <= turn.first_audio_s <= turn.turn_s
        path = [turn.decode_s, turn.asr_s, turn.agent_s, turn.tts_s, turn.encode_s, turn.overhead_s]
        assert sum(path) == pytest.approx(turn.turn_s)
        assert turn.overhead_s > 0
        assert turn.tickers == ("AAPL",)
        assert (folder.path / turn.reply_file).stat().st_size > 1000


def test_realtime_sends_at_the_pace_of_speech(tmp_path):
    """The transcripts are equal, and the latency after the end of speech does not include the speech itself."""
    spec = FAKE.model_copy(update={"mode": "realtime", "limit": 2, "asr": "fake:text={duration_s}"})
    started = time.perf_counter()
    folder, _ = runner.evaluate(spec, tmp_path)
    elapsed_s = time.perf_counter() - started
    turns = folder.turns()
    assert elapsed_s > sum(turn.audio_s for turn in turns) - 0.5
    for turn in turns:
        assert turn.status == "answered" or not turn.text.strip()
        assert float(turn.heard) == pytest.approx(
            load(samples_folder()).sample(turn.sample_id).clip().duration_s, abs=0.05
        )


def test_silence_is_scored_as_nothing_heard_and_a_bad_file_is_one_record(tmp_path):
    path = write_set(tmp_path)
    (tmp_path / "a.ogg").write_bytes(b"OggS, but no more")
    spec = RunSpec(samples=str(path), asr="fake:text=", agent="fake", tts="fake", target="in-process")
    folder, run = runner.evaluate(spec, tmp_path)
    by_key = {turn.key: turn for turn in folder.turns()}
    assert run.status == "finished"
    assert by_key["a"].failure.code == "bad_sample"
    assert by_key["a"].heard is None
    assert by_key["s/2"].failure.code == "no_speech"
    assert by_key["s/2"].heard == ""


def test_a_sample_whose_file_goes_wrong_is_one_record(tmp_path):
    path = write_set(tmp_path)
    event = tmp_path / "b.json"
    spec = RunSpec(samples=str(path), asr="fake", agent="fake", tts="fake", target="in-process")
    event.write_text(json.dumps({"data": {"audio_chunk": "T2dnUyBicm9rZW4="}}))
    folder, _ = runner.evaluate(spec, tmp_path)
    by_key = {turn.key: turn for turn in folder.turns()}
    assert by_key["a"].status == "answered"
    assert by_key["s/2"].failure.code == "bad_sample"


@pytest.mark.parametrize(
    ("changes", "error", "complaint"),
    [
        ({"asr": "nope"}, InputError, "unknown asr engine 'nope'"),
        ({"tts": "espeak:voice=nowhere"}, EngineError, "unknown voice 'nowhere'"),
        ({"samples": "/nowhere/at/all.json"}, InputError, "does not exist"),
        ({"normalizer": "klingon"}, InputError, "unknown normalizer"),
        ({"categories": ("cats",)}, InputError, "no category 'cats'"),
        ({"target": "http://127.0.0.1:9", "asr": None, "agent": None, "tts": None}, InputError, "no voicelab server"),
        ({"target": "localhost:8000"}, InputError, "give the server's address as"),
    ],
)
def test_what_cannot_begin_says_why(tmp_path, changes, error, complaint):
    with pytest.raises(error, match=complaint):
        runner.evaluate(FAKE.model_copy(update=changes), tmp_path, run_id="r")
    folder = RunFolder(tmp_path / "r")
    assert not folder.turns()
    if (folder.path / "run.json").exists():
        assert folder.read().status == "failed"


def test_a_run_never_writes_over_another(tmp_path):
    runner.evaluate(FAKE.model_copy(update={"limit": 1}), tmp_path, run_id="r")
    with pytest.raises(InputError, match="already contains a run"):
        runner.evaluate(FAKE, tmp_path, run_id="r")


@pytest.mark.parametrize("where", [[], ["--in-process"]], ids=["server", "in-process"])
def test_a_killed_run_goes_on_without_repeating_or_losing_a_turn(tmp_path, where):
    heard = "fake:text=news about apple {duration_s}"
    slowly = f"{heard},delay_s=0.2"  # so that the run is killed before it ends
    command = run_command("--asr", slowly, "--tts", "fake", "--limit", 8, "--out", tmp_path, "--run-id", "r", *where)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lines = tmp_path / "r" / "turns.jsonl"
    wait_until(lambda: lines.exists() and lines.read_bytes().count(b"\n") >= 3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    folder = RunFolder(tmp_path / "r")
    before = lines.read_bytes()
    kept = before[: before.rfind(b"\n") + 1]
    lines.write_bytes(before + b'{"key": "torn')
    assert folder.read().status == "running"
    if not where:
        wait_until(lambda: not alive(started_server(folder)))
    _, run = runner.resume(folder.path)
    assert (run.status, run.resumed) == ("finished", 1)
    assert lines.read_bytes().startswith(kept)
    keys = [turn.key for turn in folder.turns()]
    assert len(keys) == len(set(keys)) == run.planned_turns
    spec = run.spec.model_copy(update={"asr": heard})
    whole = {turn.key: turn for turn in runner.evaluate(spec, tmp_path, run_id="whole")[0].turns()}
    for turn in folder.turns():
        assert turn.status == "answered" or not turn.text.strip()
        assert (turn.heard, turn.answer, turn.intent) == (
            whole[turn.key].heard, whole[turn.key].answer, whole[turn.key].intent,
        ), turn.key  # fmt: skip


def test_a_finished_run_is_left_as_it_is(tmp_path):
    folder, run = runner.evaluate(FAKE.model_copy(update={"limit": 2}), tmp_path)
    assert runner.resume(folder.path)[1] == run


def test_a_run_whose_samples_changed_is_not_taken_up(tmp_path):
    path = write_set(tmp_path)
    folder, run = runner.evaluate(FAKE.model_copy(update={"samples": str(path), "limit": None}), tmp_path)
    folder.write(run.model_copy(update={"status": "running"}))
    path.write_text(path.read_text().replace('"hello"', '"goodbye"'))
    with pytest.raises(InputError, match="have changed since the run started"):
        runner.resume(folder.path)


def test_a_folder_that_holds_no_run_is_named(tmp_path):
    with pytest.raises(InputError, match=r"run\.json: cannot be read"):
        runner.resume(tmp_path)
    (tmp_path / "run.json").write_text('{"format_version": 99}')
    with pytest.raises(InputError, match="not a run of format 1"):
        runner.resume(tmp_path)


@pytest.mark.parametrize(
    "send",
    [
        lambda: os.kill(os.getpid(), signal.SIGINT),  # as a kernel or a terminal sends it: to the process
        lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT),  # the waiting thread does not see it arrive
    ],
    ids=["to-the-process", "to-another-thread"],
)
def test_a_run_that_is_interrupted_from_outside_stops(tmp_path, send):
    """As with a notebook's stop button, where the run is in a thread beside the waiting event loop."""
    spec = FAKE.model_copy(update={"asr": "fake:delay_s=0.4", "limit": None})

    def interrupt(done: int, _total: int, _turn) -> None:
        if done == 1:
            send()

    async def cell() -> None:
        runner.evaluate(spec, tmp_path, run_id="r", progress=interrupt)

    loop = asyncio.new_event_loop()
    # Tests started in the background by a shell ignore the signal, and would wait for the whole run.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(cell())
    finally:
        signal.signal(signal.SIGINT, before)
        loop.close()
    folder = RunFolder(tmp_path / "r")
    assert 1 <= len(folder.turns()) < 10
    assert folder.read().status == "running"


async def test_a_run_can_be_made_where_an_event_loop_runs(tmp_path):
    """As in a notebook."""
    _, run = runner.evaluate(FAKE.model_copy(update={"limit": 1}), tmp_path)
    assert run.status == "finished"


def test_a_take_that_never_came_has_no_figures():
    planned = plan(load(samples_folder()))[0].turns[0]
    turn = turn_result(planned, None, TurnOutcome(error=("connection_lost", "gone")), "", reply_file=None, cold=False)
    assert (turn.heard, turn.turn_s, turn.overhead_s, turn.rtf, turn.status) == (None, None, None, None, "failed")


@pytest.mark.parametrize("stages", [{}, {"audio_s": None}, {"audio_s": 0.5}])
def test_a_turn_whose_target_gives_no_length_takes_that_of_the_recording(stages):
    """A server reports no stages for a turn without speech, but false speech per minute needs the minutes."""
    samples = load(samples_folder())
    planned = plan(samples)[0].turns[0]
    nothing_heard = TurnOutcome(error=("no_speech", "nothing"), stages=stages)
    turn = turn_result(
        planned, None, nothing_heard, "", reply_file=None, cold=False,
        request_audio=RequestAudioSource(SetRecordings(samples), None).of(planned.sample),
    )  # fmt: skip
    expected_s = stages.get("audio_s") or planned.sample.clip().duration_s
    assert turn.audio_s == pytest.approx(expected_s, abs=0.05)


@pytest.mark.parametrize("stage", ["heard", "key", "turn_s"])
def test_a_stage_with_the_name_of_another_field_is_refused(stage):
    """It would replace the value of that field."""
    planned = plan(load(samples_folder()))[0].turns[0]
    outcome = TurnOutcome(heard="h", stages={stage: 1.0})
    turn = turn_result(planned, None, outcome, "", reply_file=None, cold=False)
    assert (turn.key, turn.turn_s, turn.status) == (planned.key, None, "failed")
    assert turn.failure.code == "bad_reply"
    assert f"'{stage}'" in turn.failure.message


@pytest.mark.skipif(not SEED.is_dir(), reason=f"the seed's recordings are not at {SEED}; set VOICELAB_SEED_SAMPLES")
def test_the_original_recordings_are_answered(tmp_path):
    folder, _ = runner.evaluate(RunSpec(samples=str(SEED), target="in-process"), tmp_path)
    turns = folder.turns()
    assert len({turn.sample_id for turn in turns if turn.status == "answered"}) == 8
    assert all(turn.first_audio_s is not None for turn in turns)
    (news,) = [turn for turn in turns if turn.sample_id == "news_nvda_latest" and turn.primary]
    assert news.tickers == ("NVDA",)


@pytest.mark.parametrize("key", ["../../escaped", "a\0b", "x" * 500, "ü\n/1", "a/b/c", ""])
def test_a_reply_s_file_lies_in_its_folder_whatever_its_sample_is_called(tmp_path: Path, key: str) -> None:
    folder = RunFolder(tmp_path / "run")
    (folder.path / "audio").mkdir(parents=True)
    name = folder.save_reply(key, b"OggS")
    assert [file.name for file in (folder.path / "audio").iterdir()] == [name.removeprefix("audio/")]
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [folder.path / name]
