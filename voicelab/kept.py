"""The runs that a folder keeps: what state each is in, what it measured, and how it is removed.

A run that was killed, failed or is damaged is one of them; nothing that is wrong with one hides the others.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from voicelab import runlock
from voicelab.errors import InputError
from voicelab.faults import CONNECTION_FAULTS
from voicelab.report import summary
from voicelab.report.schema import Rate, StageFigures, Summary
from voicelab.results import RunFolder, RunResult

State = Literal["finished", "running", "stopped", "interrupted", "failed", "damaged"]
_SIGNS = ("run.json", "turns.jsonl")


@dataclass(frozen=True, slots=True)
class KeptRun:
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
        return self.path.name

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

    @property
    def wer(self) -> Rate | None:
        return self.summary.words.overall.wer if self.summary is not None else None

    @property
    def error_rate(self) -> tuple[str, Rate] | None:
        """The headline of the run's language, `WER` or `CER`, with its rate."""
        if self.summary is None:
            return None
        words = self.summary.words.overall
        return ("CER", words.cer) if self.summary.headline == "cer" else ("WER", words.wer)

    @property
    def entity_recall(self) -> Rate | None:
        return self.summary.entities.surface_heard if self.summary is not None else None

    @property
    def first_audio(self) -> StageFigures | None:
        return self.summary.latency.stages["first_audio_s"] if self.summary is not None else None


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run, be it damaged."""
    return folder.is_dir() and any((folder / sign).is_file() for sign in _SIGNS)


def kept_runs(out: Path) -> list[KeptRun]:
    """The runs of a folder, the latest first, damaged ones last; InputError where it is none."""
    try:
        folders = sorted(path for path in out.iterdir() if is_run(path))
    except OSError as error:
        raise InputError(f"{out}: cannot be read: {error.strerror}; name the folder of runs with --out") from error
    found = [kept_run(path) for path in folders]
    dated = [(one.run.started_at, one) for one in found if one.run is not None]
    latest_first = sorted(dated, key=lambda pair: pair[0], reverse=True)
    return [*(one for _, one in latest_first), *(one for one in found if one.run is None)]


def kept_run(path: Path) -> KeptRun:
    """One run, whatever state it is in."""
    try:
        run = RunFolder(path).read()
    except InputError as error:
        return KeptRun(path, "damaged", str(error), None, None)
    state: State = run.status
    note = run.failure or ""
    if run.status == "running" and not runlock.is_held(path):
        state, note = "stopped", f"go on with it: voicelab evaluate --resume {path}"
    elif run.status == "interrupted":
        note = f"{note}; go on with it: voicelab evaluate --resume {path}"
    figures = None
    try:
        figures = summary.read(path / "summary.json")
    except InputError:
        if state == "finished":
            note = f"it has no report that can be read; make it: voicelab report {path}"
    try:
        unanswered, lost = _unanswered(path, run, figures)
    except InputError as error:
        return KeptRun(path, "damaged", str(error), run, figures)
    if state == "finished" and lost and not note:
        note = f"{lost} turns lost their connection; take them again: voicelab evaluate --resume {path}"
    return KeptRun(path, state, note, run, figures, unanswered)


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
        if is_run(path):
            return path
    there = sorted(path.name for path in out.iterdir() if is_run(path)) if out.is_dir() else []
    listed = f"; there are: {', '.join(there[-8:])}" if there else ""
    raise InputError(f"{name}: no run, neither there nor in {out}{listed}")


def check_removable(path: Path) -> None:
    """Raise InputError for what must not be removed: a link, what a process works on, what holds more than one run."""
    if path.is_symlink():
        raise InputError(f"{path}: is a link; remove the link itself, or name the folder that it leads to")
    if not is_run(path):
        raise InputError(f"{path}: holds no run (no {' or '.join(_SIGNS)}); nothing was removed")
    if runlock.is_held(path):
        raise InputError(f"{path}: a process is working on this run; end it first")
    whole = path.resolve()
    if Path.cwd().is_relative_to(whole):
        raise InputError(f"{path}: you are inside it; nothing was removed")
    inner = [one for one in whole.rglob("*") if one.is_dir() and (is_run(one) or one.name == ".git")]
    if inner or (whole / ".git").exists():
        raise InputError(f"{path}: holds more than a run ({(inner or [whole / '.git'])[0]}); nothing was removed")


def size_bytes(path: Path) -> int:
    """What a run takes on disk; what its links lead to is not its own."""
    return sum(one.lstat().st_size for one in path.rglob("*") if not one.is_dir() or one.is_symlink())


def remove(paths: Iterable[Path]) -> None:
    """Remove runs, all checked first; links inside are removed, what they lead to is not."""
    listed = list(paths)
    for path in listed:
        check_removable(path)
    for path in listed:
        shutil.rmtree(path)
