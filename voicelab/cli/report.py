"""`voicelab report`: write the report of a finished run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicelab.cli import options, terminal
from voicelab.errors import VoicelabError
from voicelab.runs import file_errors

if TYPE_CHECKING:
    from voicelab.runs.records import RunFolder, RunResult
    from voicelab.scoring.schema import Summary


def report(run: options.RunArgument, figure: options.FigureOption = None) -> None:
    """Write summary.json, turns.parquet and report.html of a finished run again.

    Example: voicelab report reports/RUN
    """
    from voicelab.report.finish import finish
    from voicelab.runs.records import RunFolder

    folder = RunFolder(run)
    finished = folder.read()
    file_errors.check_folder("RUN", folder.path, must_exist=True)
    show(folder, finished, finish(folder, figure or ()))


def show(folder: RunFolder, run: RunResult, summary: Summary) -> None:
    """Print the figures and the path of the report. Raises VoicelabError if turns failed."""
    from voicelab.report import tables

    terminal.table(f"run {run.run_id}", ("figure", "value", "95 % interval, n"), tables.headline(summary))
    for warning in summary.warnings:
        terminal.warn(warning)
    terminal.echo(f"report: {folder.path / 'report.html'}")
    turns = folder.turns()
    broken = [turn for turn in turns if turn.broken]
    if broken and broken[0].failure is not None:
        first = f"{broken[0].key}: {broken[0].failure.message}"
        raise VoicelabError(f"{len(broken)} of {len(turns)} turns failed; the first, {first}")
