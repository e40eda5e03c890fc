"""Load a run as a Run, or many runs as one DataFrame."""

from __future__ import annotations

from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.analysis.api.run import Run
from voicelab.analysis.run_catalog import StoredRun, is_run, look, stored_runs
from voicelab.errors import InputError
from voicelab.report.frames import data_frame

if TYPE_CHECKING:
    import pandas as pd


def load_run(path: Path | str) -> Run:
    """Return the run in this folder. Raises InputError if there is none."""
    run = Run(Path(path))
    _ = run.result
    return run


def find_runs(*patterns: Path | str) -> list[Run]:
    """Return the runs in matching folders, oldest first, without damaged ones (`load_runs` includes them)."""
    return [Run(one.path) for one in _stored(patterns) if one.run is not None]


def load_runs(*patterns: Path | str) -> pd.DataFrame:
    """Return a DataFrame with a row for each run in matching folders, oldest first, indexed by run id.

    patterns: folders of runs, or patterns such as "reports/*". Columns: state, note, folder, started_at, samples, asr,
    agent, tts, target, mode, condition, seed, turns; then for each figure `wer`, `wer_low`, `wer_high` (95 % interval)
    and `wer_n`. Damaged runs have a state and a note, but no figures. Raises InputError if no run matches.
    """
    rows = [_row(one) for one in _stored(patterns)]
    return data_frame(rows, index="run_id")


def newest_on_one_set(out: Path | str, count: int = 2) -> list[Path]:
    """Return the newest `count` finished runs with the same set as the newest one. Raises InputError for fewer."""
    runs = [(one.path, one.run) for one in stored_runs(Path(out)) if one.state == "finished" and one.run is not None]
    same = [path for path, run in runs if run.samples_sha256 == runs[0][1].samples_sha256][:count]
    if len(same) < count:
        raise InputError(
            f"{out}: only {len(same)} finished runs on the same set, but a comparison needs {count}; use `voicelab "
            "evaluate`, or name the runs"
        )
    return same[::-1]


def _stored(patterns: tuple[Path | str, ...]) -> list[StoredRun]:
    given = patterns or ("reports/*",)
    # Path.glob does not accept absolute patterns.
    paths = sorted({Path(found) for one in given for found in glob(str(Path(one).expanduser()))})  # noqa: PTH207
    folders = [path for path in paths if path.is_dir() and is_run(path)]
    if not folders:
        raise InputError(f"no run matches {', '.join(map(str, given))}; give folders of runs, such as reports/*")
    found = [look(path) for path in folders]
    return sorted(found, key=lambda one: (one.started_at.timestamp() if one.started_at is not None else 0.0, one.path))


def _row(one: StoredRun) -> dict[str, Any]:
    row: dict[str, Any] = {
        "run_id": one.run_id, "state": one.state, "note": one.note or None, "folder": str(one.path),
        "started_at": one.started_at,
    }  # fmt: skip
    if one.run is not None:
        spec = one.run.spec
        row |= {"samples": spec.samples, **Run(one.path).described(), "target": spec.target, "mode": spec.mode}
        row |= {"run_id": one.run_id, "turns": one.run.planned_turns}
    for name, found in (one.summary.figures if one.summary is not None else {}).items():
        row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high, f"{name}_n": found.n}
    return row
