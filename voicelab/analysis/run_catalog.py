"""List the runs in a folder, with the state and the figures of each.

Killed, failed and damaged runs are listed too. An error in one run never hides another.
"""

import math
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import Literal

from voicelab.engines import outside
from voicelab.engines.spec import EngineSpec
from voicelab.errors import InputError
from voicelab.metrics.attribution import STAGES
from voicelab.runs import lock
from voicelab.runs.records import RunFolder, RunResult, RunSpec
from voicelab.scoring import summary_file
from voicelab.scoring.schema import Measured, Summary
from voicelab.targets.faults import CONNECTION_FAULTS
from voicelab.text.plural import counted

State = Literal["finished", "running", "stopped", "interrupted", "failed", "damaged"]
SIGNS = ("run.json", "turns.jsonl")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """sample_set: the name of the set's file or folder. options: what differs from the defaults, "" for nothing."""

    sample_set: str
    condition: str
    target: str
    options: str


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run on disk. run: None if damaged; summary: None without a readable report; note: the reason.

    unanswered: number of planned turns without an answer, including turns that were not run; None if damaged.
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
        """Recognizer, agent and voice as loaded, else as specified."""
        if self.run is None:
            return ""
        spec = self.run.spec
        named = [name or "the server's" for name in (spec.asr, spec.agent, spec.tts)]
        return " → ".join([engine.name for engine in self.run.engines] or named)

    @property
    def facts(self) -> RunFacts | None:
        """Set, condition, target and options; None if it is damaged."""
        return _facts(self.run.spec) if self.run is not None else None

    def figure(self, name: str) -> Measured | None:
        """A figure of the run's summary; None without a summary, or if the summary lacks the figure."""
        return self.summary.figures.get(name) if self.summary is not None else None

    @property
    def samples(self) -> int | None:
        """Number of samples behind the figures; None without a summary."""
        return self.summary.turns.primary if self.summary is not None else None


def _facts(spec: RunSpec) -> RunFacts:
    """Return the facts of a run. condition is "" if the recordings are sent unchanged."""
    path = PurePath(spec.samples)
    # A set with its own folder, or in the folder of a run, is named by that folder.
    name = path.parent.name if path.name == "voice_samples.json" and path.parent.name else path.name
    condition = spec.condition.label if spec.condition is not None else ""
    return RunFacts(name or spec.samples, condition, spec.target, ", ".join(_options(spec)))


def _options(spec: RunSpec) -> list[str]:
    found = [f"{kind} {options}" for kind in STAGES if (options := _engine_options(getattr(spec, kind)))]
    if spec.mode != "burst":
        found.append(spec.mode)
    if spec.limit is not None:
        found.append(f"limit={spec.limit}")
    if spec.categories:
        found.append(f"category={'+'.join(spec.categories)}")
    if spec.seed:
        found.append(f"seed={spec.seed}")
    if spec.word_map is not None:
        found.append("word map")
    return found


def _engine_options(written: str | None) -> str:
    if written is None:
        return ""
    own = outside.split(written)
    return own[1] if own is not None else str(EngineSpec.parse(written)).partition(":")[2]


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run, damaged or not. Raises OSError for an unreadable folder."""
    return folder.is_dir() and any((folder / sign).is_file() for sign in SIGNS)


def stored_runs(out: Path) -> list[StoredRun]:
    """The runs in a folder, newest first, then the damaged ones. Raises InputError if the folder is unreadable.

    An unreadable folder inside may be a run, so it is listed as damaged.
    """
    try:
        paths = sorted(out.iterdir())
    except OSError as error:
        raise InputError(f"{out}: cannot be read: {error.strerror}; name the folder of runs with --out") from error
    found = [look(path) for path in paths if _may_be_run(path)]
    return sorted(found, key=lambda one: math.inf if one.started_at is None else -one.started_at.timestamp())


def _may_be_run(path: Path) -> bool:
    try:
        return is_run(path)
    except OSError:
        return True


def look(path: Path) -> StoredRun:
    """The run in this folder; an unreadable one is damaged."""
    try:
        return stored_run(path)
    except OSError as error:
        return StoredRun(path, "damaged", f"{path}: cannot be read: {error.strerror}", None, None)


def stored_run(path: Path) -> StoredRun:
    """A run in any state. Raises OSError for an unreadable folder."""
    try:
        run = RunFolder(path).read()
    except InputError as error:
        return StoredRun(path, "damaged", str(error), None, None)
    state: State = run.status
    note = run.failure or ""
    if run.status == "running" and not lock.is_held(path):
        state, note = "stopped", f"continue it: voicelab evaluate --resume {path}"
    elif run.status == "interrupted":
        note = f"{note}; continue it: voicelab evaluate --resume {path}"
    figures = None
    try:
        figures = summary_file.read(path / summary_file.FILE_NAME)
    except InputError:
        if state == "finished":
            note = f"it has no readable report; write it: voicelab report {path}"
    try:
        unanswered, lost = _unanswered(path, run, figures)
    except InputError as error:
        return StoredRun(path, "damaged", str(error), run, figures)
    if state == "finished" and lost and not note:
        note = f"connection lost in {counted(lost, 'turn')}; to repeat: voicelab evaluate --resume {path}"
    return StoredRun(path, state, note, run, figures, unanswered)


def _unanswered(path: Path, run: RunResult, figures: Summary | None) -> tuple[int, int]:
    """Numbers of planned turns without an answer, and of those that lost their connection.

    The turns are read only if the run has no report with these counts.
    """
    if figures is not None and run.status == figures.status == "finished":
        counts = figures.turns
        return counts.planned - counts.answered, sum(counts.failures.get(code, 0) for code in CONNECTION_FAULTS)
    turns = RunFolder(path).turns(torn=True)
    answered = sum(turn.status == "answered" for turn in turns)
    return run.planned_turns - answered, sum(turn.lost_connection for turn in turns)


def find(name: str, out: Path) -> Path:
    """The folder of a run, given as a path or as an id within `out`; InputError if it does not exist."""
    for path in (Path(name), out / name):
        try:
            if is_run(path):
                return path
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    there = [path.name for path in sorted(out.iterdir()) if _may_be_run(path)] if out.is_dir() else []
    listed = f"; there are: {', '.join(there[-8:])}" if there else ""
    raise InputError(f"{name}: no such run, neither as a path nor in {out}{listed}")
