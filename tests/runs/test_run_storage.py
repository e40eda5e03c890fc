"""A run that fails at any write can be resumed: no turn is lost, and none is repeated."""

import json
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.disk_faults import FaultyDisk
from tests.support.sample_sets import write_set
from voicelab.cli.main import app
from voicelab.errors import InputError, StorageError
from voicelab.runs import provenance, runner, storage, turn_results
from voicelab.runs.records import CodeState, RunFolder, RunSpec

PROGRAM = """
import sys
from pathlib import Path
from tests.support.disk_faults import FaultyDisk
from voicelab.runs import runner as runs; from voicelab.runs import storage
from voicelab.runs.records import RunSpec

storage.os = FaultyDisk("kill", int(sys.argv[3]))
runs.evaluate(RunSpec.model_validate_json(sys.argv[1]), Path(sys.argv[2]), run_id="r")
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory) -> RunSpec:
    path = write_set(tmp_path_factory.mktemp("set"))
    return RunSpec(
        samples=str(path),
        asr="fake:text=price of\u2028apple",
        agent="rules",
        tts="fake:words_per_s=50",
        target="in-process",
    )


@pytest.fixture(scope="module")
def writes(spec, tmp_path_factory) -> int:
    """Number of system calls of a whole run that change the disk."""
    disk = FaultyDisk()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "os", disk)
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


@pytest.mark.parametrize(("fault", "every"), [("ENOSPC", 1), ("partial", 2), ("EIO", 3), ("EROFS", 5)])
def test_a_run_goes_on_after_a_fault_at_any_write(spec, writes, fault, every, tmp_path, monkeypatch):
    # What git and pip say is asked anew for each run, and takes longer than the run.
    packages = provenance.packages()
    monkeypatch.setattr(provenance, "packages", lambda: packages)
    monkeypatch.setattr(provenance, "code_state", lambda: CodeState(commit=None, dirty=None))
    for at in range(1, writes + 1, every):
        folder = RunFolder(tmp_path / f"{at}" / "r")
        with monkeypatch.context() as patch:
            patch.setattr(storage, "os", FaultyDisk(fault, at))
            with pytest.raises(StorageError, match="cannot be written: ") as caught:
                runner.evaluate(spec, folder.path.parent, run_id="r")
        assert ("--resume" in str(caught.value)) == (folder.path / "run.json").exists()
        go_on(spec, folder)


def test_a_slow_disk_costs_time_and_nothing_else(spec, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(storage, "os", FaultyDisk("slow", 1))
        folder, _ = runner.evaluate(spec, tmp_path)
    check_whole(folder, b"")
    assert all(turn.turn_s < 1 for turn in folder.turns()), "the time of a write is in no turn's time"


def test_a_run_that_is_killed_at_a_write_goes_on(spec, writes, tmp_path):
    """In separate processes, at writes spread over the run."""
    for at in (3, writes // 2, writes - 4):
        folder = RunFolder(tmp_path / f"{at}" / "r")
        folder.path.parent.mkdir()
        command = [sys.executable, "-c", PROGRAM, spec.model_dump_json(), str(folder.path.parent), str(at)]
        done = subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).parents[2])
        assert done.returncode == -signal.SIGKILL, done.stderr
        (folder.path / "run.json.part").unlink(missing_ok=True)
        go_on(spec, folder)


def test_a_resume_that_fails_too_loses_nothing(spec, writes, tmp_path, monkeypatch):
    folder = RunFolder(tmp_path / "r")
    for at in (writes // 2, 8, 6, 12, 3):
        with monkeypatch.context() as patch:
            patch.setattr(storage, "os", FaultyDisk("partial", at))
            begun = (folder.path / "run.json").exists()
            again = (
                partial(runner.resume, folder.path) if begun else partial(runner.evaluate, spec, tmp_path, run_id="r")
            )
            with pytest.raises(StorageError):
                again()
        with (folder.path / "turns.jsonl").open("ab") as torn:
            torn.write('{"key": "ü'.encode()[:-1])  # as a kill leaves it, within a character
    go_on(spec, folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_one_sentence_with_the_way_on(spec, tmp_path):
    """With a full device."""
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "turns.jsonl").symlink_to("/dev/full")
    options = ["--samples", spec.samples, "--asr", "fake", "--tts", "fake", "--in-process", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, ["evaluate", *options, "--run-id", "r"])
    assert done.exit_code == 1
    assert "turns.jsonl: cannot be written: No space left on device" in done.output
    assert f"voicelab evaluate --resume {tmp_path / 'r'}" in done.output
    assert RunFolder(tmp_path / "r").read().status == "interrupted"
    (tmp_path / "r" / "turns.jsonl").unlink()
    assert CliRunner().invoke(app, ["evaluate", "--resume", str(tmp_path / "r")]).exit_code == 0
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
        patch.setattr(storage, "os", FaultyDisk("partial", 2))
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
