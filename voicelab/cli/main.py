"""The `voicelab` command: parse, call one function, print, exit code (0 done, 1 failed, 2 bad input)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from voicelab.cli import terminal
from voicelab.cli.attribute import attribute
from voicelab.cli.audit import audit
from voicelab.cli.bench import bench
from voicelab.cli.column_options import (
    AudioColumnOption,
    IdColumnOption,
    RefColumnOption,
    SpeakerColumnOption,
    set_columns,
)
from voicelab.cli.compare import compare
from voicelab.cli.correct import correct
from voicelab.cli.cross import cross
from voicelab.cli.echo_agent import echo_agent
from voicelab.cli.equivalence import equivalence
from voicelab.cli.figure_option import FigureOption
from voicelab.cli.gate import gate
from voicelab.cli.listen import listen
from voicelab.cli.match import match
from voicelab.cli.models import models
from voicelab.cli.new import new
from voicelab.cli.power import power
from voicelab.cli.roundtrip import roundtrip
from voicelab.cli.runs import runs
from voicelab.cli.score import score
from voicelab.cli.score_timeline import score_timeline
from voicelab.cli.scoring_options import LanguageOption, NormalizerOption, WordMapOption
from voicelab.cli.scoring_options import word_map as read_word_map
from voicelab.cli.strict import StrictTyper
from voicelab.cli.sweep import sweep
from voicelab.cli.targets import probe, targets
from voicelab.cli.version import version

if TYPE_CHECKING:
    from voicelab.runs.records import RunFolder, RunResult, RunSpec
    from voicelab.scoring.schema import Summary

app = StrictTyper(
    help="Measure voice agents: word error rate, entity recall and end-to-end latency, and how sure each figure is.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.callback()(version)
_SET = "a sample set in any format of docs/reference/samples.md"


@app.command()
def evaluate(
    context: typer.Context,
    samples: Annotated[str | None, typer.Option(help=f"The set: {_SET}. \\[default: the shipped set]")] = None,
    ref_column: RefColumnOption = None,
    id_column: IdColumnOption = None,
    speaker_column: SpeakerColumnOption = None,
    audio_column: AudioColumnOption = None,
    asr: Annotated[
        list[str] | None,
        typer.Option(help="Recognizer: NAME or NAME:option=value,...; repeated: a run of each. \\[moonshine]"),
    ] = None,
    agent: Annotated[str | None, typer.Option(help="Agent, e.g. rules:threshold=0.85. \\[rules]")] = None,
    tts: Annotated[str | None, typer.Option(help="Voice, e.g. espeak:voice=en-gb-x-rp. \\[piper]")] = None,
    mode: Annotated[
        Literal["burst", "realtime"],
        typer.Option(help="burst: each recording in one chunk. realtime: 20 ms frames at a microphone's pace."),
    ] = "burst",
    in_process: Annotated[bool, typer.Option("--in-process", help="Use the pipeline here, without a server.")] = False,
    url: Annotated[str | None, typer.Option(help="Speak to this running server, http://host:port.")] = None,
    target: Annotated[
        str | None, typer.Option(help="Measure this agent: NAME:option=value,... or package.module:Class.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Maximum number of samples, balanced over categories and speakers.")
    ] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only this category; may be repeated.")] = None,
    condition: Annotated[
        str | None,
        typer.Option(
            help="Degrade the recordings first: noise=babble,snr_db=10 or telephone (docs/how-to/robustness.md)."
        ),
    ] = None,
    language: LanguageOption = None,
    normalizer: NormalizerOption = None,
    word_map: WordMapOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap, 0 or more.")] = 0,
    timeout_s: Annotated[float, typer.Option(help="Longest silence of a server, in seconds.")] = 30.0,
    reconnect_for_s: Annotated[
        float, typer.Option(help="How long to wait for a server that is gone, in seconds; then the run is interrupted.")
    ] = 60.0,
    out: Annotated[Path, typer.Option(help="Where run folders are made.")] = Path("reports"),
    run_id: Annotated[str | None, typer.Option(help="The run folder's name. \\[default: time, engine, mode]")] = None,
    resume: Annotated[Path | None, typer.Option(help="Take up the run in this folder where it stopped.")] = None,
    notebook: Annotated[
        bool, typer.Option("--notebook", help="Run notebooks/evaluate.ipynb with papermill and keep it with the run.")
    ] = False,
    mlflow: Annotated[str | None, typer.Option(help="Log it in MLflow too: http://host:5000, sqlite:///...")] = None,
    figure: FigureOption = None,
) -> None:
    """Speak a set of samples to a voice agent, and leave a report.

    By default a server is started for the run, on a free port, and spoken to over its WebSocket. Engines and their
    options: voicelab engines. Other agents and their options: voicelab targets.

    Examples: voicelab evaluate | voicelab evaluate --in-process --limit 10 | voicelab evaluate --mode realtime |
    voicelab evaluate --samples my/set.jsonl --url http://localhost:8000
    """
    with terminal.errors():
        if mlflow is not None:
            from voicelab.analysis import mlflow as tracking

            tracking.check(mlflow)
        if resume is not None:
            _refuse_beside_resume(context)
            with terminal.resumable(resume):
                _report(*_resume(resume), mlflow, figure)
            return
        from voicelab.conditions.parsing import parse_condition
        from voicelab.datasets import load
        from voicelab.figures.outside import table_with
        from voicelab.runs.records import RunFolder

        table_with(figure or ())
        chosen: dict[str, object] = {
            "mode": mode, "limit": limit, "categories": tuple(category or ()), "language": language,
            "normalizer": normalizer, "word_map": read_word_map(word_map), "seed": seed, "timeout_s": timeout_s,
            "reconnect_for_s": reconnect_for_s,
            "condition": None if condition is None else parse_condition(condition, seed),
        }  # fmt: skip
        columns = set_columns(reference=ref_column, sample_id=id_column, speaker=speaker_column, audio=audio_column)
        chosen["columns"] = columns
        chosen |= _set_and_target(samples, in_process, url, target)
        chosen |= _engines(elsewhere=url is not None or target is not None, asr=None, agent=agent, tts=tts)
        recognizers: list[str | None] = [*asr] if asr else [None]
        specs = [_spec(chosen, one) for one in recognizers]
        ids = _run_ids(specs, run_id, out)
        for notice in load(specs[0].samples, columns).notices:
            terminal.warn(notice)
        for spec, each in zip(specs, ids, strict=True):
            folder = RunFolder(out / each)
            with terminal.resumable(folder.path):
                made = _evaluate_in_notebook(spec, folder, figure or ()) if notebook else _evaluate(spec, folder)
                _report(*made, mlflow, figure)
        if len(specs) > 1:
            runs = " ".join(str(out / each) for each in ids)
            typer.echo(f"side by side: voicelab compare {runs}")


def _run_ids(specs: Sequence[RunSpec], run_id: str | None, out: Path) -> Sequence[str]:
    """The folders of the runs; with several recognizers all are checked before the first one runs."""
    from voicelab.errors import InputError
    from voicelab.runs.names import check_name
    from voicelab.runs.records import RunFolder
    from voicelab.runs.runner import new_run_id
    from voicelab.runs.target_opening import check_engines
    from voicelab.targets.catalog import target_config

    if run_id is not None:
        check_name("--run-id", run_id)
    if len(specs) == 1:
        return [run_id or new_run_id(specs[0])]
    if any(target_config(spec.target).entry.engines != "all" for spec in specs):
        raise InputError("--url and --target speak to one agent with one recognizer; give one --asr with it, or none")
    for spec in specs:
        check_engines(spec)
    ids = [f"{run_id or new_run_id(spec)}-{number}" for number, spec in enumerate(specs, start=1)]
    if taken := [each for each in ids if not RunFolder(out / each).is_free()]:
        raise InputError(f"{out / taken[0]}: holds a run already; choose another --run-id or --out")
    return ids


def _refuse_beside_resume(context: typer.Context) -> None:
    from voicelab.errors import InputError

    sources = {
        name: context.get_parameter_source(name)
        for name in context.params
        if name not in ("resume", "mlflow", "figure")
    }
    if extra := [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]:
        option = extra[0].replace("_", "-")
        raise InputError(f"--resume takes everything from the run itself; leave --{option} out")


def _set_and_target(samples: str | None, in_process: bool, url: str | None, target: str | None) -> dict[str, object]:
    from voicelab.errors import InputError
    from voicelab.paths import shipped

    given = {"--in-process": in_process, "--url": url is not None, "--target": target is not None}
    if len(both := [name for name, is_given in given.items() if is_given]) > 1:
        raise InputError(f"{both[0]} and {both[1]} exclude each other; give one of them")
    if url is not None:
        from voicelab.targets.voicelab_server import check_address

        check_address(url)
    chosen = "in-process" if in_process else target if target is not None else "server" if url is None else url
    return {"samples": str(shipped("voice_samples")) if samples is None else samples, "target": chosen}


def _engines(elsewhere: bool, **named: str | None) -> dict[str, object]:
    """The engines that are named; an agent that runs elsewhere has its own for the others."""
    return {kind: name for kind, name in named.items() if name is not None or elsewhere}


_NAMES = {"target": "--target", "categories": "--category"}
"""Fields of RunSpec whose option has another name."""


def _spec(chosen: dict[str, object], asr: str | None) -> RunSpec:
    from voicelab.runs.checking import checked
    from voicelab.runs.records import RunSpec

    names = {field: _NAMES.get(field, f"--{field.replace('_', '-')}") for field in RunSpec.model_fields}
    return checked(RunSpec, names, **chosen | ({"asr": asr} if asr is not None else {}))


def _evaluate(spec: RunSpec, folder: RunFolder) -> tuple[RunFolder, RunResult]:
    from voicelab.runs.runner import evaluate as run_evaluation

    with terminal.progress_bar("turns") as progress:
        return run_evaluation(spec, folder.path.parent, run_id=folder.run_id, progress=progress)


def _evaluate_in_notebook(spec: RunSpec, folder: RunFolder, figures: Sequence[str]) -> tuple[RunFolder, RunResult]:
    from voicelab.runs import notebook
    from voicelab.runs.records import RunFolder

    folder = RunFolder(folder.path.resolve())
    parameters = notebook.parameters_of(spec, folder, figures)
    with terminal.progress_bar("turns") as progress:
        notebook.execute("evaluate", folder.path, parameters, progress=lambda done, total: progress(done, total, None))
    return folder, folder.read()


def _resume(path: Path) -> tuple[RunFolder, RunResult]:
    from voicelab.runs.runner import resume

    with terminal.progress_bar("turns") as progress:
        return resume(path, progress=progress)


def _report(folder: RunFolder, run: RunResult, mlflow: str | None, figures: Sequence[str] | None) -> None:
    """Finish the run, show its figures, and log it where that is asked for, failed turns or not."""
    from voicelab.errors import VoicelabError
    from voicelab.report.finish import finish

    summary = finish(folder, figures or ())
    failed: VoicelabError | None = None
    try:
        _show(folder, run, summary)
    except VoicelabError as error:
        failed = error
    if mlflow is not None:
        from voicelab.analysis import mlflow as tracking

        typer.echo(f"in MLflow: run {tracking.log(folder, mlflow)}")
    if failed is not None:
        raise failed


def _show(folder: RunFolder, run: RunResult, summary: Summary) -> None:
    """Print the figures and say where the report is. Raises VoicelabError where turns failed."""
    from voicelab.errors import VoicelabError
    from voicelab.report import tables

    rows = [tuple(map(str, row)) for row in tables.headline(summary)]
    terminal.table(f"run {run.run_id}", ("figure", "value", "95 % interval, n"), rows)
    for warning in summary.warnings:
        terminal.warn(warning)
    typer.echo(f"report: {folder.path / 'report.html'}")
    turns = folder.turns()
    broken = [turn for turn in turns if turn.broken]
    if broken and broken[0].failure is not None:
        first = f"{broken[0].key}: {broken[0].failure.message}"
        raise VoicelabError(f"{len(broken)} of {len(turns)} turns failed; the first, {first}")


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run, reports/<run_id>.")], figure: FigureOption = None
) -> None:
    """Make summary.json, turns.parquet and report.html of a run again."""
    with terminal.errors():
        from voicelab.report.finish import finish
        from voicelab.runs.records import RunFolder

        folder = RunFolder(run)
        _show(folder, folder.read(), finish(folder, figure or ()))


@app.command()
def engines() -> None:
    """List the engines: what they are, whether they are installed, what they need, and their options."""
    with terminal.errors():
        from voicelab.targets.voicelab_server import ENGINE_CATALOGS

        for catalog in ENGINE_CATALOGS:
            rows = []
            for name, entry in catalog.entries.items():
                state = "yes" if entry.installed() else f"no: {entry.install_command}"
                listed = "\n".join(map(str, entry.options().values())) or "none"
                rows.append((name, state, f"{entry.summary}\nneeds {entry.needs or 'nothing more'}", listed))
            terminal.table(f"--{catalog.kind}", ("name", "installed", "what it is", "options"), rows)


@app.command()
def samples(
    path: Annotated[Path | None, typer.Argument(help=f"{_SET.capitalize()}. \\[default: the shipped set]")] = None,
    ref_column: RefColumnOption = None,
    id_column: IdColumnOption = None,
    speaker_column: SpeakerColumnOption = None,
    audio_column: AudioColumnOption = None,
) -> None:
    """Check a sample set, its audio included, and count what is in it."""
    with terminal.errors():
        from voicelab.datasets import load
        from voicelab.errors import InputError
        from voicelab.paths import shipped

        columns = set_columns(reference=ref_column, sample_id=id_column, speaker=speaker_column, audio=audio_column)
        found = load(path or shipped("voice_samples"), columns)
        for notice in found.notices:
            terminal.warn(notice)
        rows = []
        damaged: list[tuple[str, float]] = []
        silent = sum(not sample.text.strip() for sample in found.samples)
        for category in found.categories:
            members = [sample for sample in found.samples if sample.category == category]
            speakers = sorted({sample.speaker or "-" for sample in members})
            decoded = {sample.id: sample.decoded() for sample in members}
            duration_s = sum(one.clip.duration_s for one in decoded.values())
            damaged += [(name, one.undecoded_s) for name, one in decoded.items() if one.is_damaged]
            rows.append((category, str(len(members)), f"{duration_s:.1f}", ", ".join(speakers)))
        terminal.table(f"{found.path}", ("category", "samples", "seconds", "speakers"), rows)
        counts = f"{len(found.samples)} samples, {len(found.scenarios)} scenarios"
        if damaged:
            listed = ", ".join(f"{name} ({undecoded_s:.2f} s)" for name, undecoded_s in damaged)
            raise InputError(f"{found.path}: {counts}; damaged, with the seconds that do not decode: {listed}")
        typer.echo(f"{counts}; every recording decodes.")
        if silent:
            typer.echo(f"{silent} of them without speech: whatever is heard there counts as inserted.")
        if languages := sorted({sample.language for sample in found.samples if sample.language is not None}):
            typer.echo(f"language: {', '.join(languages)}")


for _command in (
    compare, gate, power, sweep, score, match, equivalence, attribute, audit, correct, roundtrip, listen, cross,
):  # fmt: skip
    app.command()(_command)
app.command()(targets)
app.command()(probe)
app.command()(new)
app.command("echo-agent")(echo_agent)
app.command("score-timeline")(score_timeline)
app.add_typer(models, name="models")
app.add_typer(bench, name="bench")
app.add_typer(runs, name="runs")
