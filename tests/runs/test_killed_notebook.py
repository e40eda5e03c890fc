"""A run under papermill that is killed with SIGKILL continues without repeating or losing samples."""

import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tests.support.commands import alive, run_command, wait_until
from tests.support.sample_sets import samples_folder
from voicelab.cli.main import app
from voicelab.datasets import load
from voicelab.errors import InputError
from voicelab.runs import lock, runner
from voicelab.runs.records import RunFolder


@pytest.fixture
def begun(tmp_path):
    """A run that papermill makes, two turns of it taken: its process (a group of its own), its kernel, its folder."""
    slowly = "fake:text=hello,delay_s=0.8"  # so that the run is killed before it ends
    arguments = ["--notebook", "--in-process", "--asr", slowly, "--tts", "fake"]
    arguments += ["--category", "stock_price_queries", "--limit", 6]
    command = run_command(*arguments, "--samples", samples_folder(), "--out", tmp_path, "--run-id", "r")
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )  # fmt: skip
    folder = RunFolder(tmp_path / "r")
    turns = folder.path / "turns.jsonl"
    try:
        wait_until(lambda: turns.exists() and turns.read_bytes().count(b"\n") >= 2)
        kernel = int((folder.path / lock.FILE_NAME).read_text())
        assert kernel != process.pid
        yield process, kernel, folder
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.parametrize("and_the_kernel", [True, False], ids=["all of it", "papermill alone"])
def test_a_killed_run_goes_on_with_every_sample_once(begun, and_the_kernel):
    """The kernel has its own session, so it outlives papermill for a moment and continues to write."""
    process, kernel, folder = begun
    if and_the_kernel:
        os.kill(kernel, signal.SIGKILL)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert folder.read().status == "running"
    before = (folder.path / "turns.jsonl").read_bytes()
    kept = before[: before.rfind(b"\n") + 1]
    if and_the_kernel:
        runner.resume(folder.path)
    else:
        done = CliRunner().invoke(app, ["evaluate", "--resume", str(folder.path)])
        assert done.exit_code == 0, done.output
        assert (folder.path / "report.html").exists()
    assert not alive(kernel)
    run = folder.read()
    assert (run.status, run.resumed) == ("finished", 1)
    assert (folder.path / "turns.jsonl").read_bytes().startswith(kept)
    turns = folder.turns()
    assert len(turns) == len({turn.key for turn in turns}) == run.planned_turns
    samples = load(run.spec.samples).only(categories=run.spec.categories, limit=run.spec.limit).samples
    assert sorted(turn.sample_id for turn in turns if turn.primary) == sorted(sample.id for sample in samples)


HOLD = "import sys, time; from pathlib import Path; from voicelab.runs import lock as runlock\n" + (
    "with runlock.held(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
)


def test_a_run_has_one_holder_until_its_process_ends(tmp_path):
    assert not lock.is_held(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "held\n"
        assert lock.is_held(tmp_path)
        with (
            pytest.raises(InputError, match=rf"another process \({process.pid}\) is working on this run"),
            lock.held(tmp_path, patience_s=0.2),
        ):
            pytest.fail("two hold it")
    finally:
        process.kill()
        process.communicate()
    assert not lock.is_held(tmp_path)
    with lock.held(tmp_path, patience_s=0.0):
        assert lock.is_held(tmp_path)
