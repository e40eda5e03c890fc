"""A run that fails at any write can be resumed: no turn is lost, and none is repeated."""

import json
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.command_line import voicelab
from tests.support.disk_faults import FaultyDisk
from tests.support.sample_sets import write_set
from voicelab.errors import InputError, StorageError
from voicelab.runs import provenance, runner, storage, turn_results
from voicelab.runs.records import CodeState, RunFolder, RunSpec

PROGRAM = """
import os, sys, threading
from pathlib import Path
import pytest
from tests.support.disk_faults import FaultyDisk
from voicelab.runs import provenance, runner
from voicelab.runs.records import CodeState, RunSpec

spec, out, writes = RunSpec.model_validate_json(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
provenance.code_state, provenance.packages = lambda: CodeState(commit=None, dirty=None), dict
runner.evaluate(spec, out, run_id="whole")
for thread in {*threading.enumerate()} - {threading.main_thread()}:
    thread.join(10)  # those of a busy machine's last turn end a moment after the run
assert threading.active_count() == 1, f"a fork copies one thread: {threading.enumerate()}"
for at in range(1, writes + 1):
    child = os.fork()
    if not child:
        FaultyDisk("kill", at).install(pytest.MonkeyPatch())
        runner.evaluate(spec, out / str(at), run_id="r")
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Kills one process at each write of a run. It forks after a first run, because imports take longer than a run."""


@pytest.fixture(scope="module", autouse=True)
def _cheap_provenance():
    """Stub the description of checkout and packages, which takes longer than a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provenance, "code_state", lambda: CodeState(commit=None, dirty=None))
        patch.setattr(provenance, "packages", dict)
        yield


@pytest.fixture(scope="module")
def spec(tmp_path_factory) -> RunSpec:
    path = write_set(tmp_path_factory.mktemp("set"))
    return RunSpec(
        samples=str(path),
        asr="fake:text=price of\u2028apple",
        agent="fake:text=ok",
        tts="fake:words_per_s=50",
        target="in-process",
    )


@pytest.fixture(scope="module")
def writes(spec, tmp_path_factory) -> int:
    """Number of system calls of a whole run that change the disk."""
    disk = FaultyDisk()
    with pytest.MonkeyPatch.context() as patch:
        disk.install(patch)
        runner.evaluate(spec, tmp_path_factory.mktemp("counted"))
    assert disk.calls > 20
    return disk.calls


def check_whole(folder: RunFolder, before: bytes) -> None:
    """Check that every turn is there once, and that earlier lines are unchanged."""
    after = (folder.path / "turns.jsonl").read_bytes()
    assert after.startswith(before[: before.rfind(b"\n") + 1])
    run, keys = folder.read(), [json.loads(line)["key"] for line in after.splitlines()]
    assert run.status == "finished"
    assert len(keys) == len(set(keys)) == run.planned_turns == len(folder.turns())
    for turn in folder.turns():
        assert turn.status == "answered"
        assert (folder.path / turn.reply_file).stat().st_size > 100
    assert not list(folder.path.rglob("*.part"))


def go_on(spec: RunSpec, folder: RunFolder) -> None:
    """Resume the run if it has started, else start it, as a user does."""
    turns = folder.path / "turns.jsonl"
    before = turns.read_bytes() if turns.exists() else b""
    if (folder.path / "run.json").exists():
        runner.resume(folder.path)
    else:
        runner.evaluate(spec, folder.path.parent, run_id=folder.run_id)
    check_whole(folder, before)


FAULTY = ("ENOSPC", "partial", "EIO", "EROFS")


@pytest.mark.parametrize("fault", FAULTY)
def test_a_run_goes_on_after_a_fault_at_any_write(spec, writes, fault, tmp_path, monkeypatch):
    """Each write fails, with the faults in turn; the first one with each of them."""
    for at in {1, *range(1 + FAULTY.index(fault), writes + 1, len(FAULTY))}:
        folder = RunFolder(tmp_path / f"{at}" / "r")
        with monkeypatch.context() as patch:
            FaultyDisk(fault, at).install(patch)
            with pytest.raises((StorageError, InputError), match=r"cannot be written: |Read-only") as caught:
                runner.evaluate(spec, folder.path.parent, run_id="r")
        assert ("--resume" in str(caught.value)) == (folder.path / "run.json").exists()
        go_on(spec, folder)


FAULTS = st.tuples(st.sampled_from(["ENOSPC", "partial", "EIO", "EROFS", "EDQUOT"]), st.integers(1, 60))


@settings(max_examples=8, deadline=None)
@given(faults=st.lists(FAULTS, max_size=4), torn=st.booleans())
def test_whatever_fails_and_however_often_no_turn_is_lost_or_repeated(spec, faults, torn):
    """A run and its resumptions, each on a disk that fails at a different call."""
    with TemporaryDirectory() as place:
        folder, kept = RunFolder(Path(place) / "r"), b""
        for fault, at in faults:
            begun = (folder.path / "run.json").exists()
            with pytest.MonkeyPatch.context() as patch, suppress(StorageError, InputError):
                FaultyDisk(fault, at).install(patch)
                if begun:
                    runner.resume(folder.path)
                else:
                    runner.evaluate(spec, Path(place), run_id="r")
            turns = folder.path / "turns.jsonl"
            after = turns.read_bytes() if turns.exists() else b""
            assert after.startswith(kept), "a whole line stays"
            kept = after[: after.rfind(b"\n") + 1]
            if torn and turns.exists() and folder.read().status != "finished":
                turns.write_bytes(kept + '{"key": "ü'.encode()[:-1])  # as after a kill, within a character
        go_on(spec, folder)


def test_a_slow_disk_costs_time_and_nothing_else(spec, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        FaultyDisk("slow", 1).install(patch)
        folder, _ = runner.evaluate(spec, tmp_path)
    check_whole(folder, b"")
    assert all(turn.turn_s < 1 for turn in folder.turns()), "the time of a write is in no turn's time"


def test_a_run_that_is_killed_at_any_write_goes_on(spec, writes, tmp_path):
    command = [sys.executable, "-c", PROGRAM, spec.model_dump_json(), str(tmp_path), str(writes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.stdout.split() == [str(-signal.SIGKILL)] * writes, done.stderr
    for at in range(1, writes + 1):
        folder = RunFolder(tmp_path / f"{at}" / "r")
        go_on(spec, folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_one_sentence_with_the_way_on(spec, tmp_path):
    """Uses a full device."""
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "turns.jsonl").symlink_to("/dev/full")
    options = ["--samples", spec.samples, "--asr", "fake", "--tts", "fake", "--in-process", "--out", str(tmp_path)]
    done = voicelab("evaluate", *options, "--run-id", "r")
    assert done.exit_code == 1
    assert "turns.jsonl: cannot be written: No space left on device" in done.output
    assert f"voicelab evaluate --resume {tmp_path / 'r'}" in done.output
    assert RunFolder(tmp_path / "r").read().status == "interrupted"
    (tmp_path / "r" / "turns.jsonl").unlink()
    assert voicelab("evaluate", "--resume", tmp_path / "r").exit_code == 0
    check_whole(RunFolder(tmp_path / "r"), b"")


def test_a_file_in_place_of_the_folder_is_bad_input(spec, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="a file exists at this path"):
        runner.evaluate(spec, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_an_append_is_whole_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "lines"
    storage.append_whole(path, b"one\n")
    with monkeypatch.context() as patch:
        FaultyDisk("partial", 2).install(patch)
        with pytest.raises(StorageError):
            storage.append_whole(path, b"two and more\n")
    assert path.read_bytes() == b"one\n"
    storage.append_whole(path, b"three\n")
    assert path.read_bytes() == b"one\nthree\n"


def test_a_reader_sees_the_old_file_or_the_new(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([letter]) * 100_000 for letter in b"ab"]
    storage.write_whole(path, contents[0])
    over = threading.Event()

    def write() -> None:
        for number in range(40):
            storage.write_whole(path, contents[number % 2])
        over.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not over.is_set():
        assert path.read_bytes() in contents
    thread.join()


def test_what_a_recognizer_says_can_always_be_read_back(spec, tmp_path):
    """Line separators are characters; one half of a surrogate pair becomes U+FFFD."""
    strange = spec.model_copy(update={"asr": "fake:text=a\x85b\u2028c\u2029d"})
    folder, _ = runner.evaluate(strange, tmp_path)
    assert {turn.heard for turn in folder.turns()} == {"a\x85b\u2028c\u2029d"}
    assert turn_results.writable({"a": ["b\ud800c", 1, None]}) == {"a": ["b\ufffdc", 1, None]}
