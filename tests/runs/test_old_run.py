"""A run that an earlier version measured is read, listed, reported, compared, gated and resumed as before."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.command_line import voicelab
from voicelab.analysis.compare import compare
from voicelab.report.finish import finish
from voicelab.runs import runner
from voicelab.runs.records import RunFolder
from voicelab.scoring import summary_file
from voicelab.scoring.summary import summarize

STORED = Path(__file__).parents[1] / "data" / "evaluated_in_format_1"
SAME = ("value", "low", "high", "n", "part", "of", "method", "level", "clusters")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copytree(STORED, tmp_path / "kept")
    monkeypatch.chdir(tmp_path / "kept")  # run.json names its set as set/set.jsonl
    return RunFolder(Path("run"))


def test_its_records_and_its_set_are_read(folder):
    run, turns = folder.read(), folder.turns()
    assert (run.status, run.planned_turns, len(turns)) == ("finished", 3, 3)
    assert [turn.status for turn in turns] == ["answered"] * 3
    assert all((folder.path / turn.reply_file).is_file() for turn in turns)
    assert runner.resume(folder.path)[1] == run, "nothing is left to take"


def test_its_figures_are_the_same_today(folder):
    old = summary_file.read(folder.path / "summary.json")
    new = summarize(folder)
    assert old.figures["wer"].value == pytest.approx(13 / 18)
    for name, found in old.figures.items():
        for field in SAME:
            assert getattr(new.figures[name], field) == getattr(found, field), (name, field)


def test_every_command_takes_it(folder):
    before = (folder.path / "turns.jsonl").read_bytes()
    (row,) = json.loads(voicelab("runs", "list", "--out", ".", "--json").stdout)
    assert (row["run_id"], row["state"], row["unanswered"], row["samples"]) == ("run", "finished", 0, 3)
    assert row["figures"]["wer"]["value"] == pytest.approx(13 / 18)
    assert "word error rate (WER)" in voicelab("runs", "show", "run", "--out", ".").output
    assert voicelab("gate", "run", "--max", "wer=0.75").exit_code == 0
    assert voicelab("gate", "run", "--max", "wer=0.7").exit_code == 1
    done = voicelab("report", "run")
    assert done.exit_code == 0, done.output
    page = (folder.path / "report.html").read_text()
    assert page.count("data:audio/ogg;base64,") >= 6, "each recording and each reply can be played"
    assert (folder.path / "turns.jsonl").read_bytes() == before


def test_it_is_compared_with_a_run_of_today(folder):
    new, _ = runner.evaluate(folder.read().spec, Path(), run_id="new")
    finish(new)
    found = compare([folder.path, new.path]).pairs().set_index("figure")
    assert found.loc["wer", "first value"] == pytest.approx(13 / 18)
    assert found.loc["wer", "difference"] == 0


def test_it_goes_on_after_its_process_was_killed(folder):
    lines = (folder.path / "turns.jsonl").read_bytes().split(b"\n")
    torn = b"\n".join(lines[:2]) + b"\n" + lines[2][:40]
    (folder.path / "turns.jsonl").write_bytes(torn)
    folder.write(folder.read().model_copy(update={"status": "running", "finished_at": None}))
    _, run = runner.resume(folder.path)
    assert (run.status, run.resumed) == ("finished", 1)
    assert (folder.path / "turns.jsonl").read_bytes().startswith(b"\n".join(lines[:2]) + b"\n")
    assert sorted(turn.key for turn in folder.turns()) == ["followup_why_up", "other_greeting", "price_aapl"]
