"""Run a sweep, or resume one."""

from pathlib import Path
from typing import Any

from voicelab.analysis.sweep import scoring
from voicelab.analysis.sweep.axes import points_of
from voicelab.analysis.sweep.measures import threshold
from voicelab.analysis.sweep.spec import SweepFolder, SweepResult, SweepSpec
from voicelab.errors import InputError
from voicelab.runs.checking import checked, checked_again
from voicelab.runs.execution import Progress
from voicelab.runs.names import check_name
from voicelab.runs.records import TurnResult, now
from voicelab.runs.runner import evaluate_conditions, how_to_go_on
from voicelab.targets.catalog import target_config


def sweep(
    spec: SweepSpec, out: Path, *, sweep_id: str | None = None, progress: Progress | None = None
) -> tuple[SweepFolder, SweepResult]:
    """Run a new sweep in a folder under `out`: one run per condition, with the same pipeline.

    Raises InputError or EngineError if it cannot start; no files are written then.
    """
    if target_config(spec.base.target).entry.engines != "all":
        raise InputError("a sweep runs the pipeline in this process or starts a server; leave --url and --target out")
    checked_again(spec.base)
    spec = checked_again(spec)
    points = points_of(spec)
    for option in spec.breakpoints:
        threshold(option)
    name = new_sweep_id(spec) if sweep_id is None else sweep_id
    check_name("--sweep-id", name)
    folder = SweepFolder(out / name)
    if (folder.path / "sweep.json").exists():
        raise InputError(f"{folder.path}: has a sweep already; continue it with --resume, or choose another --sweep-id")
    names = tuple(point.name for point in points)
    result = SweepResult(sweep_id=folder.sweep_id, status="running", spec=spec, runs=names, started_at=now())
    with how_to_go_on("sweep", folder.path):
        return folder, _go_on(folder, result, progress)


def resume(path: Path, *, progress: Progress | None = None) -> tuple[SweepFolder, SweepResult]:
    """Resume a stopped sweep: finished turns are not repeated; the figures are computed again."""
    folder = SweepFolder(path)
    with how_to_go_on("sweep", path):
        return folder, _go_on(folder, folder.read(), progress)


def spec_of(**fields: Any) -> SweepSpec:
    """A SweepSpec from a notebook's parameters; InputError names an invalid one."""
    return checked(SweepSpec, **fields)


def new_sweep_id(spec: SweepSpec) -> str:
    """An id that sorts by time and names the recognizer: 20260131-120102-moonshine-sweep."""
    return f"{now():%Y%m%d-%H%M%S}-{(spec.base.asr or '').partition(':')[0]}-sweep"


def _go_on(folder: SweepFolder, result: SweepResult, progress: Progress | None) -> SweepResult:
    spec = result.spec
    specs = [(folder.run(point.name), spec.base.model_copy(update={"condition": point.condition}))
             for point in points_of(spec)]  # fmt: skip

    def report(done: int, total: int, turn: TurnResult | None) -> None:
        # The first call loads the engines, so a sweep that cannot start writes no files.
        if not (folder.path / "sweep.json").exists():
            folder.write(result)
        if progress is not None:
            progress(done, total, turn)

    evaluate_conditions(specs, progress=report)
    figures = scoring.figures_of(spec, folder)
    finished = result.model_copy(
        update={"status": "finished", "finished_at": result.finished_at or now(), "figures": figures}
    )
    folder.write(finished)
    return finished
