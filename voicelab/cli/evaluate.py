"""`voicelab evaluate`: measure a voice agent on a set of recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from voicelab.cli import options, terminal
from voicelab.cli.report import show
from voicelab.errors import InputError

if TYPE_CHECKING:
    from voicelab.datasets import SampleSet
    from voicelab.runs.records import RunFolder, RunResult, RunSpec


def evaluate(
    context: typer.Context,
    samples: options.SamplesOption = None,
    ref_column: options.RefColumnOption = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
    asr: options.RecognizersOption = None,
    agent: options.AgentOption = None,
    tts: options.VoiceOption = None,
    mode: Annotated[
        Literal["burst", "realtime"],
        typer.Option(help="burst: each recording in one chunk. realtime: 20 ms frames at a microphone's pace."),
    ] = "burst",
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Run the pipeline in this process, without a server.")
    ] = False,
    url: Annotated[str | None, typer.Option(help="Use this running server, http://host:port.")] = None,
    target: options.TargetOption = None,
    limit: options.LimitOption = None,
    category: options.CategoryOption = None,
    condition: Annotated[
        str | None,
        typer.Option(
            help="Degrade the recordings first: noise=babble,snr_db=10, telephone, noise=cafe.wav,snr_db=5, "
            "impulse_response=room.wav, or my_package:Class (docs/how-to/robustness.md)."
        ),
    ] = None,
    language: options.LanguageOption = None,
    normalizer: options.NormalizerOption = None,
    word_map: options.WordMapOption = None,
    seed: options.SeedOption = 0,
    reply_asr: options.ReplyRecognizerOption = None,
    timeout_s: options.TimeoutOption = 30.0,
    reconnect_for_s: options.ReconnectOption = 60.0,
    out: Annotated[Path, typer.Option(help="The folder in which the run's folder is created.")] = Path("reports"),
    run_id: Annotated[
        str | None, typer.Option(help="Name of the run's folder. \\[default: time, engine, mode]")
    ] = None,
    resume: Annotated[Path | None, options.run_option(help="Continue the interrupted run in this folder.")] = None,
    notebook: Annotated[
        bool,
        typer.Option("--notebook", help="Run notebooks/evaluate.ipynb with papermill and save it in the run's folder."),
    ] = False,
    mlflow: Annotated[
        str | None, typer.Option(help="Also log the run to MLflow: http://host:5000, sqlite:///...")
    ] = None,
    figure: options.FigureOption = None,
) -> None:
    """Send a set of recordings to a voice agent and write a report.

    By default voicelab starts its own server on a free port and speaks to it over a WebSocket. `voicelab engines` lists
    the engines and their options, `voicelab targets` the other agents that can be measured.

    Examples: voicelab evaluate | voicelab evaluate --in-process --limit 10 | voicelab evaluate --mode realtime |
    voicelab evaluate --samples my/set.jsonl --url http://localhost:8000
    """
    if mlflow is not None:
        from voicelab.analysis import mlflow as tracking

        tracking.check(mlflow)
    if resume is not None:
        options.refuse_beside_resume(context, "run", "mlflow", "figure")
        from voicelab.report import finish

        with terminal.resumable(resume):
            with terminal.progress_bar("turns") as progress:
                resumed = finish.resume(resume, progress=progress, figures=figure or ())
            _show_and_log(*resumed, mlflow)
        return
    from voicelab.conditions.parsing import parse_condition
    from voicelab.datasets import load
    from voicelab.figures.outside import table_with
    from voicelab.runs.records import RunFolder

    table_with(figure or ())
    chosen: dict[str, object] = {
        "mode": mode, "limit": limit, "categories": tuple(category or ()), "language": language,
        "normalizer": normalizer, "word_map": options.word_map(word_map), "seed": seed, "timeout_s": timeout_s,
        "reconnect_for_s": reconnect_for_s,
        "condition": None if condition is None else parse_condition(condition, seed),
    }  # fmt: skip
    if reply_asr is not None:
        chosen["reply_asr"] = reply_asr
    columns = chosen["columns"] = options.set_columns(ref_column, id_column, speaker_column, audio_column)
    chosen |= _set_and_target(samples, in_process, url, target)
    is_elsewhere = url is not None or target is not None
    engines = {"asr": None, "agent": agent, "tts": tts}
    chosen |= {kind: name for kind, name in engines.items() if name is not None or is_elsewhere}
    specs = [_spec(chosen, one) for one in asr or (None,)]
    ids = _run_ids(specs, run_id, out)
    whole = load(specs[0].samples, columns)
    for notice in whole.notices:
        terminal.warn(notice)
    for spec, each in zip(specs, ids, strict=True):
        folder = RunFolder(out / each)
        with terminal.resumable(folder.path):
            how = _evaluate_in_notebook if notebook else _evaluate
            _show_and_log(*how(spec, folder, figure or (), whole), mlflow)
    if len(specs) > 1:
        runs = " ".join(str(out / each) for each in ids)
        terminal.echo(f"side by side: voicelab compare {runs}")


def _run_ids(specs: Sequence[RunSpec], run_id: str | None, out: Path) -> Sequence[str]:
    """The name of each run's folder. All recognizers are checked before the first run."""
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
        raise InputError("--url and --target measure one agent with one recognizer; give at most one --asr")
    for spec in specs:
        check_engines(spec)
    ids = [f"{run_id or new_run_id(spec)}-{number}" for number, spec in enumerate(specs, start=1)]
    if taken := [each for each in ids if not RunFolder(out / each).is_free()]:
        raise InputError(f"{out / taken[0]}: already has a run; choose another --run-id or --out")
    return ids


def _set_and_target(samples: str | None, in_process: bool, url: str | None, target: str | None) -> dict[str, object]:
    from voicelab.paths import shipped

    given = {"--in-process": in_process, "--url": url is not None, "--target": target is not None}
    if len(both := [name for name, is_given in given.items() if is_given]) > 1:
        raise InputError(f"{both[0]} and {both[1]} exclude each other; give only one")
    if url is not None:
        from voicelab.targets.voicelab_server import check_address

        check_address(url)
    chosen = "in-process" if in_process else target if target is not None else "server" if url is None else url
    return {"samples": str(shipped("voice_samples")) if samples is None else samples, "target": chosen}


_NAMES = {"target": "--target", "categories": "--category"}
"""Fields of RunSpec whose options have different names."""


def _spec(chosen: dict[str, object], asr: str | None) -> RunSpec:
    from voicelab.runs.checking import checked
    from voicelab.runs.records import RunSpec

    names = {field: _NAMES.get(field, f"--{field.replace('_', '-')}") for field in RunSpec.model_fields}
    return checked(RunSpec, names, **chosen | ({"asr": asr} if asr is not None else {}))


def _evaluate(
    spec: RunSpec, folder: RunFolder, figures: Sequence[str], whole: SampleSet
) -> tuple[RunFolder, RunResult]:
    from voicelab.report.finish import evaluate as run_and_finish

    with terminal.progress_bar("turns") as progress:
        return run_and_finish(
            spec, folder.path.parent, run_id=folder.run_id, progress=progress, figures=figures, samples=whole
        )


def _evaluate_in_notebook(
    spec: RunSpec, folder: RunFolder, figures: Sequence[str], _: SampleSet
) -> tuple[RunFolder, RunResult]:
    """Run the notebook, whose cells also finish the run."""
    from voicelab.runs import notebook
    from voicelab.runs.records import RunFolder

    folder = RunFolder(folder.path.resolve())
    parameters = notebook.parameters_of(spec, folder, figures)
    with terminal.progress_bar("turns") as progress:
        notebook.execute("evaluate", folder.path, parameters, progress=progress)
    return folder, folder.read()


def _show_and_log(folder: RunFolder, run: RunResult, mlflow: str | None) -> None:
    """Print the figures of a finished run and log it to MLflow if requested, even if turns failed."""
    from voicelab.scoring import summary_file

    summary = summary_file.read(folder.path / summary_file.FILE_NAME)
    try:
        show(folder, run, summary)
    finally:
        if mlflow is not None:
            from voicelab.analysis import mlflow as tracking

            terminal.echo(f"in MLflow: run {tracking.log(folder, mlflow)}")
