"""`voicelab runs`: list, show, remove and log runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicelab.cli import terminal
from voicelab.cli.strict import StrictTyper
from voicelab.cli.trend import trend
from voicelab.errors import InputError
from voicelab.text.plural import counted

if TYPE_CHECKING:
    from voicelab.analysis.run_catalog import StoredRun
    from voicelab.scoring.leading import Labelled

runs = StrictTyper(help="List, show and remove runs.", no_args_is_help=True)
runs.command()(trend)


def _ids(context: typer.Context, incomplete: str) -> list[str]:
    """Shell completion: the runs of --out."""
    from voicelab.analysis.run_catalog import is_run

    out = Path(context.params.get("out") or "reports")
    try:
        folders = sorted(out.iterdir()) if out.is_dir() else []
        return [path.name for path in folders if path.name.startswith(incomplete) and is_run(path)]
    except OSError:  # no error messages in the middle of the user's prompt
        return []


Out = Annotated[Path, typer.Option(help="The folder of the runs.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the output as JSON.")]
Run = Annotated[str, typer.Argument(help="A run: its id, or its folder.", autocompletion=_ids)]


@runs.command("list")
def list_runs(out: Out = Path("reports"), as_json: AsJson = False) -> None:
    """List the runs of a folder, newest first, with state, set, condition, target, options and figures.

    The title shows what all runs have in options. running: a process works on it. stopped: it was killed and can be
    resumed. interrupted: its target or its disk failed, and it can be resumed. damaged: it cannot be read. unanswered:
    number of planned turns without an answer.

    Example: voicelab runs list
    """
    from voicelab.analysis.run_catalog import stored_runs

    found = stored_runs(out)
    if as_json:
        terminal.print_json([_figures(one) for one in found])
        return
    if not found:
        terminal.echo(f"no run in {out}")
        return
    shown = list(dict.fromkeys(label.short for one in found for _, label, _ in _listed(one)))
    shared, differing = _facts(found)
    title = f"{counted(len(found), 'run')} in {out}{shared}"
    columns = ("run", "state", *differing, "n", "unanswered", *shown)
    whole = [name for name in columns if name not in differing]
    terminal.table(title, columns, [_row(one, differing, shown) for one in found], whole=whole)
    for one in found:
        if one.note:
            terminal.echo(f"{one.run_id}: {one.note}")


@runs.command()
def show(run: Run, out: Out = Path("reports"), as_json: AsJson = False) -> None:
    """Show a run's specification, provenance and figures.

    Example: voicelab runs show 20260131-120102-moonshine-burst
    """
    from voicelab.analysis.run_catalog import find, stored_run
    from voicelab.report import tables
    from voicelab.report.provenance import provenance

    one = stored_run(find(run, out))
    if one.run is None:
        raise InputError(one.note)
    if as_json:
        made = one.run.model_dump(mode="json")
        summary = one.summary.model_dump(mode="json") if one.summary is not None else None
        terminal.print_json(_figures(one) | {"run": made, "summary": summary})
        return
    if one.summary is not None:
        columns = ("figure", "value", "95 % interval, n")
        terminal.table(f"{one.run_id}: {one.state}", columns, tables.headline(one.summary))
    for title, facts in provenance(one.run, one.summary):
        terminal.echo(title)
        for name, value in facts:
            terminal.echo(f"  {name}: {value}")
    terminal.echo("Engines as loaded")
    for engine in one.run.engines:
        options = ", ".join(f"{name}={value}" for name, value in engine.options.items())
        terminal.echo(f"  {engine.kind}: {engine.name} ({options}), {engine.revision}, {engine.device}")
    terminal.echo(f"{one.path}{f': {one.note}' if one.note else ''}")


@runs.command()
def rm(
    chosen: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs, by id or folder.", autocompletion=_ids)],
    out: Out = Path("reports"),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove runs permanently, after confirmation. Either all named runs are removed or none.

    Example: voicelab runs rm 20260131-120102-moonshine-burst
    """
    from voicelab.analysis import run_removal
    from voicelab.analysis.run_catalog import find

    found = [find(name, out) for name in chosen]
    for path in found:
        run_removal.check_removable(path)
    paths = list({path.resolve(): path for path in found}.values())
    size = sum(map(run_removal.size_bytes, paths)) / 2**20
    what = f"{', '.join(map(str, paths))} ({size:.1f} MiB)"
    if not yes and not typer.confirm(f"Remove {what}?"):
        terminal.fail("nothing was removed", terminal.FAILED)
    run_removal.remove(paths)
    terminal.echo(f"removed {what}")


@runs.command("log")
def log_run(
    run: Run,
    mlflow: Annotated[str, typer.Option(help="A tracking server or database: http://host:5000, sqlite:///mlflow.db")],
    out: Out = Path("reports"),
) -> None:
    """Log a run to MLflow: parameters, figures with their intervals, and the report.

    A run that was logged before is updated. Needs: pip install 'voicelab\\[mlflow]'.

    Example: voicelab runs log reports/RUN --mlflow sqlite:///mlflow.db
    """
    from voicelab.analysis import mlflow as tracking
    from voicelab.analysis.run_catalog import find
    from voicelab.runs.records import RunFolder

    folder = RunFolder(find(run, out))
    terminal.echo(f"in MLflow: run {tracking.log(folder, mlflow)}")


_FACTS = {"set": "sample_set", "condition": "condition", "target": "target", "options": "options"}


def _facts(found: Sequence[StoredRun]) -> tuple[str, list[str]]:
    """The facts that all runs share, as text, and the columns of those that differ."""
    values = {
        column: {getattr(one.facts, name) for one in found if one.facts is not None} for column, name in _FACTS.items()
    }
    differing = [column for column, seen in values.items() if len(seen) > 1]
    shared = [f"{column} {text}" for column, seen in values.items() if len(seen) == 1 for text in seen if text]
    return "".join(f", {one}" for one in shared), differing


def _row(one: StoredRun, differing: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    from voicelab.report.wording import NONE, in_unit

    shown = {label.short: in_unit(found.value, label.unit) for _, label, found in _listed(one)}
    counts = [NONE if count is None else str(count) for count in (one.samples, one.unanswered)]
    facts = [(getattr(one.facts, _FACTS[column]) or NONE) if one.facts is not None else NONE for column in differing]
    return one.run_id, one.state, *facts, *counts, *(shown.get(column, NONE) for column in columns)


def _listed(one: StoredRun) -> list[Labelled]:
    from voicelab.scoring.leading import leading

    return leading(one.summary, "list") if one.summary is not None else []


def _figures(one: StoredRun) -> dict[str, Any]:
    figures = one.summary.figures if one.summary is not None else {}
    return {
        "run_id": one.run_id,
        "path": str(one.path),
        "state": one.state,
        "note": one.note,
        "started_at": one.started_at.isoformat() if one.started_at is not None else None,
        "engines": one.engines,
        **(asdict(one.facts) if one.facts is not None else dict.fromkeys(_FACTS.values())),
        "language": one.run.spec.language if one.run is not None else None,
        "headline": one.summary.headline if one.summary is not None else None,
        "mode": one.run.spec.mode if one.run is not None else None,
        "samples": one.samples,
        "unanswered": one.unanswered,
        "figures": {name: found.model_dump(mode="json") for name, found in figures.items()},
    }
