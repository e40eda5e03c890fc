"""Runs on disk that are listed and logged."""

from datetime import timedelta

from tests.support.made_runs import BEGUN, VARIED, keep_run, made_run, summarize_turns


def make(out, name, *, days=0, **changes):
    run = made_run(run_id=name, started_at=BEGUN + timedelta(days=days), **changes)
    folder = keep_run(out / name, run, VARIED)
    (folder.path / "summary.json").write_text(summarize_turns(run, VARIED, {"AAPL": ("Apple",)}, ()).model_dump_json())
    return folder
