"""Runs from disk: one as a Run, many as one frame."""

from __future__ import annotations

from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.analysis.api.run import Run
from voicelab.analysis.run_catalog import StoredRun, is_run, kept_runs, look
from voicelab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def load_run(path: Path | str) -> Run:
    """The run in this folder. Raises InputError where there is none."""
    run = Run(Path(path))
    _ = run.result
    return run


def find_runs(*patterns: Path | str) -> list[Run]:
    """The runs in the folders that match, oldest first; damaged ones are left out (`load_runs` lists them)."""
    return [Run(one.path) for one in _stored(patterns) if one.run is not None]


def load_runs(*patterns: Path | str) -> pd.DataFrame:
    """A row for each run in the folders that match, oldest first; the frame's index is the run's id.

    patterns: folders of runs, or patterns such as "reports/*". Columns: state, note, folder, started_at, samples, asr,
    agent, tts, target, mode, condition, seed, turns; then for each figure `wer`, `wer_low`, `wer_high` (95 % interval)
    and `wer_n`. A damaged run has its state and note, and no figures. Raises InputError where no run matches.
    """
    import pandas as pd

    rows = [_row(one) for one in _stored(patterns)]
    return pd.DataFrame(rows).set_index("run_id")


def newest_on_one_set(out: Path | str, count: int = 2) -> list[Path]:
    """The newest `count` finished runs in a folder that are on the set of the newest one. InputError where too few."""
    finished = [one for one in kept_runs(Path(out)) if one.state == "finished" and one.run is not None]
    digest = finished[0].run.samples_sha256 if finished and finished[0].run is not None else ""
    same = [one.path for one in finished if one.run is not None and one.run.samples_sha256 == digest][:count]
    if len(same) < count:
        raise InputError(
            f"{out}: {len(same)} finished runs on one set, and a comparison needs {count}; make one with `voicelab "
            "evaluate`, or name the runs"
        )
    return same[::-1]


def _stored(patterns: tuple[Path | str, ...]) -> list[StoredRun]:
    given = patterns or ("reports/*",)
    # Path.glob takes no absolute pattern.
    paths = sorted({Path(found) for one in given for found in glob(str(Path(one).expanduser()))})  # noqa: PTH207
    folders = [path for path in paths if path.is_dir() and is_run(path)]
    if not folders:
        raise InputError(f"no run matches {', '.join(map(str, given))}; give folders of runs, as reports/*")
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
