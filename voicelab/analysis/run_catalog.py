"""The runs in a folder: the state of each, and what it measured.

Killed, failed and damaged runs are listed too. A fault in one run never hides another.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from voicelab.errors import InputError
from voicelab.runs import lock
from voicelab.runs.faults import CONNECTION_FAULTS
from voicelab.runs.records import RunFolder, RunResult
from voicelab.scoring import summary_file
from voicelab.scoring.schema import Measured, Summary

State = Literal["finished", "running", "stopped", "interrupted", "failed", "damaged"]
SIGNS = ("run.json", "turns.jsonl")


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run on disk. run is None where it is damaged, summary where it has no report that can be read; note: why.

    unanswered: planned turns without an answer so far, those not taken included; None where it is damaged.
    """

    path: Path
    state: State
    note: str
    run: RunResult | None
    summary: Summary | None
    unanswered: int | None = None

    @property
    def run_id(self) -> str:
        """The folder's name; bytes in it that are not UTF-8 are shown as U+FFFD."""
        return os.fsencode(self.path.name).decode("utf-8", "replace")

    @property
    def started_at(self) -> datetime | None:
        return self.run.started_at if self.run is not None else None

    @property
    def engines(self) -> str:
        """Recognizer, agent and voice, as they were loaded, else as they were asked for."""
        if self.run is None:
            return ""
        spec = self.run.spec
        asked = [name or "the server's" for name in (spec.asr, spec.agent, spec.tts)]
        return " → ".join([engine.name for engine in self.run.engines] or asked)

    def figure(self, name: str) -> Measured | None:
        """What the run's summary says of a figure; None without a summary, or where it does not have the figure."""
        return self.summary.figures.get(name) if self.summary is not None else None

    @property
    def samples(self) -> int | None:
        """The number of samples that the figures are made of; None without a summary."""
        return self.summary.turns.primary if self.summary is not None else None


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run, damaged or not. Raises OSError for a folder that cannot be looked into."""
    return folder.is_dir() and any((folder / sign).is_file() for sign in SIGNS)


def kept_runs(out: Path) -> list[StoredRun]:
    """The runs in a folder, the latest first, then the damaged ones. Raises InputError if the folder is unreadable.

    A folder inside that cannot be looked into may be a run, so it is listed as damaged.
    """
    try:
        paths = sorted(out.iterdir())
    except OSError as error:
        raise InputError(f"{out}: cannot be read: {error.strerror}; name the folder of runs with --out") from error
    found = [look(path) for path in paths if _may_be_run(path)]
    dated = [(one.run.started_at, one) for one in found if one.run is not None]
    latest_first = sorted(dated, key=lambda pair: pair[0], reverse=True)
    return [*(one for _, one in latest_first), *(one for one in found if one.run is None)]


def _may_be_run(path: Path) -> bool:
    try:
        return is_run(path)
    except OSError:
        return True


def look(path: Path) -> StoredRun:
    """The run in this folder; one that cannot be looked into is damaged."""
    try:
        return kept_run(path)
    except OSError as error:
        return StoredRun(path, "damaged", f"{path}: cannot be read: {error.strerror}", None, None)


def kept_run(path: Path) -> StoredRun:
    """One run, whatever state it is in. Raises OSError for a folder that cannot be looked into."""
    try:
        run = RunFolder(path).read()
    except InputError as error:
        return StoredRun(path, "damaged", str(error), None, None)
    state: State = run.status
    note = run.failure or ""
    if run.status == "running" and not lock.is_held(path):
        state, note = "stopped", f"go on with it: voicelab evaluate --resume {path}"
    elif run.status == "interrupted":
        note = f"{note}; go on with it: voicelab evaluate --resume {path}"
    figures = None
    try:
        figures = summary_file.read(path / summary_file.FILE_NAME)
    except InputError:
        if state == "finished":
            note = f"it has no report that can be read; make it: voicelab report {path}"
    try:
        unanswered, lost = _unanswered(path, run, figures)
    except InputError as error:
        return StoredRun(path, "damaged", str(error), run, figures)
    if state == "finished" and lost and not note:
        note = f"{lost} turns lost their connection; take them again: voicelab evaluate --resume {path}"
    return StoredRun(path, state, note, run, figures, unanswered)


def _unanswered(path: Path, run: RunResult, figures: Summary | None) -> tuple[int, int]:
    """How many planned turns have no answer, and how many of them lost their connection.

    The turns themselves are read only where no report of the finished run has counted them.
    """
    if figures is not None and run.status == figures.status == "finished":
        counts = figures.turns
        return counts.planned - counts.answered, sum(counts.failures.get(code, 0) for code in CONNECTION_FAULTS)
    turns = RunFolder(path).turns(torn=True)
    answered = sum(turn.status == "answered" for turn in turns)
    return run.planned_turns - answered, sum(turn.lost_connection for turn in turns)


def find(name: str, out: Path) -> Path:
    """The folder of a run, given as its path or as its id within `out`; InputError when there is none."""
    for path in (Path(name), out / name):
        try:
            if is_run(path):
                return path
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    there = [path.name for path in sorted(out.iterdir()) if _may_be_run(path)] if out.is_dir() else []
    listed = f"; there are: {', '.join(there[-8:])}" if there else ""
    raise InputError(f"{name}: no run, neither there nor in {out}{listed}")
