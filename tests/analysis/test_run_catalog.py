"""`voicelab runs`: every run is listed whatever its state, and rm removes runs and nothing else."""

import json
import os

import pytest
from typer.testing import CliRunner

from tests.support.command_line import voicelab
from tests.support.logged_runs import make
from voicelab.analysis.run_catalog import stored_runs
from voicelab.cli.main import app
from voicelab.conditions.condition import Condition
from voicelab.runs import lock
from voicelab.runs.records import RunSpec


@pytest.fixture
def out(tmp_path):
    """One run in each state, and two entries that are not runs."""
    out = tmp_path / "reports"
    make(out, "old")
    make(out, "new", days=2)
    make(out, "stopped", days=1, status="running", finished_at=None)
    make(out, "failed", status="failed", failure="espeak: it broke", days=3)
    make(out, "damaged")
    (out / "damaged" / "run.json").write_text('{"format_vers')
    (out / "new" / "summary.json").unlink()
    (out / "notes").mkdir()
    (out / "notes" / "mine.txt").write_text("not a run")
    (out / "README.md").write_text("not a run")
    return out


def runs(*arguments, answer=None):
    return CliRunner().invoke(app, ["runs", *map(str, arguments)], input=answer)


def test_every_run_is_listed_the_latest_first(out):
    assert [(one.run_id, one.state) for one in stored_runs(out)] == [
        ("failed", "failed"), ("new", "finished"), ("stopped", "stopped"), ("old", "finished"), ("damaged", "damaged"),
    ]  # fmt: skip
    done = runs("list", "--out", out)
    assert done.exit_code == 0
    assert "failed: espeak: it broke" in done.output
    assert "stopped: continue it: voicelab evaluate --resume" in done.output
    assert "new: it has no readable report; write it: voicelab report" in done.output
    assert "damaged: " in done.output
    assert "mine" not in done.output


def test_a_run_that_a_process_works_on_is_running(out):
    with lock.held(out / "stopped"):
        assert next(one for one in stored_runs(out) if one.run_id == "stopped").state == "running"
        refused = runs("rm", "stopped", "--out", out, "--yes")
    assert refused.exit_code == 2
    assert "a process is working on this run" in refused.output
    assert (out / "stopped").is_dir()


def test_the_figures_are_those_of_the_summary(out):
    listed = {one["run_id"]: one for one in json.loads(runs("list", "--out", out, "--json").stdout)}
    summary = json.loads((out / "old" / "summary.json").read_text())
    assert listed["old"]["figures"] == summary["figures"]
    assert (listed["new"]["figures"], listed["damaged"]["started_at"]) == ({}, None)


def test_the_list_shows_what_was_run_and_what_all_have_in_common(out):
    spec = RunSpec(
        samples="far/calls.jsonl", target="in-process", asr="fake:text=hi", limit=3, mode="realtime",
        condition=Condition(noise="pink", snr_db=5),
    )  # fmt: skip
    make(out, "noisy", days=4, spec=spec)
    done = voicelab("runs", "list", "--out", out)
    title = done.output.splitlines()[0]
    (head,) = [line for line in done.output.splitlines() if line.split()[:2] == ["run", "state"]]
    assert title.strip().endswith("target in-process")
    assert [name for name in head.split() if name in ("set", "condition", "options")] == ["set", "condition", "options"]
    (row,) = [line for line in done.output.splitlines() if line.split()[:1] == ["noisy"]]
    for fact in ("calls.jsonl", "pink noise at 5 dB SNR", "asr text=hi, realtime, limit=3"):
        assert fact in row
    listed = {one["run_id"]: one for one in json.loads(runs("list", "--out", out, "--json").stdout)}
    assert (listed["noisy"]["sample_set"], listed["old"]["condition"]) == ("calls.jsonl", "")
    assert listed["damaged"]["target"] is None


def test_show_says_what_made_a_run(out):
    for name in ("old", out / "old"):
        done = runs("show", name, "--out", out)
        assert done.exit_code == 0, done.output
        for fact in ("0" * 64, "rules", "threshold=0.8", "word error rate", "in-process"):
            assert fact in done.output
    found = json.loads(runs("show", "old", "--out", out, "--json").stdout)
    assert found["run"]["spec"]["samples"] == "nowhere"
    assert found["summary"]["run_id"] == "old"
    assert runs("show", "new", "--out", out).exit_code == 0
    assert runs("show", "damaged", "--out", out).exit_code == 2
    refused = runs("show", "nope", "--out", out)
    assert refused.exit_code == 2
    assert "no such run, neither as a path nor in" in refused.output
    assert "there are: damaged, failed" in refused.output


def test_rm_asks_and_removes_what_was_named(out):
    kept = runs("rm", "old", "--out", out, answer="n\n")
    assert kept.exit_code == 1
    assert (out / "old").is_dir()
    done = runs("rm", "old", out / "damaged", "old", "--out", out, answer="y\n")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "failed", "new", "notes", "stopped"]


def test_rm_asks_before_it_takes_an_end_of_input_for_a_yes(out):
    assert runs("rm", "old", "--out", out, answer="").exit_code == 1
    assert (out / "old").is_dir()


@pytest.mark.parametrize("name", ["notes", "README.md", "nope", ".", "..", ""])
def test_what_is_no_run_is_not_removed(out, name):
    refused = runs("rm", "old", name, "--out", out, "--yes")
    assert refused.exit_code == 2, refused.output
    assert (out / "old").is_dir(), "all are checked before one is removed"
    assert (out / "notes" / "mine.txt").exists()


def test_rm_stays_inside_the_run(out, tmp_path, monkeypatch):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("keep me")
    (out / "old" / "audio" / "link").symlink_to(precious)
    (out / "linked").symlink_to(out / "new")
    assert "is a link" in runs("rm", "linked", "--out", out, "--yes").output
    (out / "run.json").write_text("{}")  # a folder of runs is not a run itself
    assert "contains more than a run" in runs("rm", out, "--yes").output
    monkeypatch.chdir(out / "new" / "audio")
    assert "is the current folder or contains it" in runs("rm", out / "new", "--yes").output
    assert runs("rm", "old", "--out", out, "--yes").exit_code == 0
    assert (precious / "file").read_text() == "keep me"
    assert (out / "new" / "run.json").exists()


def test_a_folder_without_runs(tmp_path):
    assert "no run in" in runs("list", "--out", tmp_path).output
    assert runs("list", "--out", tmp_path / "nowhere").exit_code == 2
    assert json.loads(runs("list", "--out", tmp_path, "--json").stdout) == []


def test_the_shell_offers_ids(out):
    environment = {"_VOICELAB_COMPLETE": "complete_bash", "COMP_WORDS": f"voicelab runs show --out {out} o",
                   "COMP_CWORD": "5"}  # fmt: skip
    done = CliRunner().invoke(app, [], env=os.environ | environment, prog_name="voicelab")
    assert done.stdout.split() == ["old"]
