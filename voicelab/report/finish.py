"""Finish a run with attribution, summary and report, for Python, command line and notebooks."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from voicelab.datasets import SampleSet, load
from voicelab.figures.outside import table_with
from voicelab.report import page
from voicelab.runs import runner
from voicelab.runs.execution import Progress
from voicelab.runs.records import RunFolder, RunResult, RunSpec
from voicelab.scoring import counterfactual, summary_file
from voicelab.scoring.schema import Summary
from voicelab.targets.base import Target


def evaluate(
    spec: RunSpec,
    out: Path | str,
    *,
    run_id: str | None = None,
    progress: Progress | None = None,
    figures: Iterable[Any] = (),
    target: Target | None = None,
    samples: SampleSet | None = None,
) -> tuple[RunFolder, RunResult]:
    """Run an evaluation in a new folder under `out`, then write attribution, summary and report.

    figures: additional figures (see `figures.outside.table_with`). target: an object to measure instead of the spec's
    target. samples: the spec's set, if already loaded. Raises the same errors as `runner.evaluate`.
    """
    extra = tuple(figures)
    table_with(extra)  # reject an unusable figure before the first turn
    whole = load(spec.samples, spec.columns) if samples is None else samples
    folder, run = runner.evaluate(spec, Path(out), run_id=run_id, progress=progress, target=target, samples=whole)
    finish(folder, extra, whole)
    return folder, run


def resume(
    path: Path | str, *, progress: Progress | None = None, figures: Iterable[Any] = (), target: Target | None = None
) -> tuple[RunFolder, RunResult]:
    """Resume an unfinished run and finish it like `evaluate`."""
    extra = tuple(figures)
    table_with(extra)
    folder, run = runner.resume(Path(path), progress=progress, target=target)
    finish(folder, extra)
    return folder, run


def finish(folder: RunFolder, figures: Iterable[Any] = (), samples: SampleSet | None = None) -> Summary:
    """Run the agent on the reference transcripts, then write summary.json, turns.parquet and report.html.

    samples: the run's set, if already loaded. If the run's agent is not available, the summary gives the reason instead
    of the attribution.
    """
    counterfactual.keep(folder)
    page.write(folder, figures, samples)
    return summary_file.read(folder.path / summary_file.FILE_NAME)
