"""Runs on disk that are listed and logged."""

from datetime import timedelta

import pytest

from tests.support.made_runs import BEGUN, VARIED, made_run
from voicelab.runs.records import RunFolder
from voicelab.scoring.summary import summarize


def make(out, name, *, days=0, **changes):
    folder = RunFolder(out / name)
    folder.create()
    run = made_run(run_id=name, started_at=BEGUN + timedelta(days=days), **changes)
    folder.write(run)
    for turn in VARIED:
        folder.append(turn)
    (folder.path / "summary.json").write_text(summarize(run, VARIED, {"AAPL": ("Apple",)}, ()).model_dump_json())
    return folder


@pytest.fixture
def out(tmp_path):
    """One run of each state, and two things that are no runs."""
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
