"""Runs on disk that are listed and logged."""

from datetime import timedelta

from tests.support.made_runs import BEGUN, VARIED, made_run
from voicelab.runs.records import RunFolder
from voicelab.scoring.summary import summarize_turns


def make(out, name, *, days=0, **changes):
    folder = RunFolder(out / name)
    folder.create()
    run = made_run(run_id=name, started_at=BEGUN + timedelta(days=days), **changes)
    folder.write(run)
    for turn in VARIED:
        folder.append(turn)
    (folder.path / "summary.json").write_text(summarize_turns(run, VARIED, {"AAPL": ("Apple",)}, ()).model_dump_json())
    return folder
