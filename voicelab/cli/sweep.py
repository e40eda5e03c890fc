"""`voicelab sweep`: find where the pipeline breaks under increasingly hard conditions."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicelab.cli import options, terminal
from voicelab.errors import InputError, VoicelabError

if TYPE_CHECKING:
    from voicelab.analysis.sweep.spec import SweepFolder, SweepResult, SweepSpec
    from voicelab.runs.records import TurnResult


def sweep(
    context: typer.Context,
    snr: Annotated[
        str | None, typer.Option(help="Add noise at these signal-to-noise ratios, in dB: 20,10,5,0.")
    ] = None,
    noise: Annotated[
        str, typer.Option(help="Noises, one axis each: white, pink, babble, or paths of sound files or folders.")
    ] = "white",
    bitrate: Annotated[str | None, typer.Option(help="Encode with Opus at these bitrates, in kbit/s: 32,16,8.")] = None,
    loss: Annotated[str | None, typer.Option(help="Lose this share of the Opus packets, in %: 0,5,10.")] = None,
    gain: Annotated[str | None, typer.Option(help="Change the level, in dB: -20,-40.")] = None,
    telephone: Annotated[bool, typer.Option("--telephone", help="Limit the recordings to the telephone band.")] = False,
    loss_bitrate: Annotated[float, typer.Option(help="Opus bitrate of --loss, in kbit/s.")] = 32.0,
    mean_burst: Annotated[float, typer.Option(min=1, help="Mean number of packets lost in a row.")] = 2.0,
    fec: Annotated[bool, typer.Option("--fec", help="Use Opus in-band forward error correction.")] = False,
    grid: Annotated[
        bool, typer.Option("--grid", help="Measure all combinations instead of one axis at a time.")
    ] = False,
    breakpoint_: Annotated[
        list[str] | None,
        options.limit_option(
            "--breakpoint",
            help="Threshold of a measure: MEASURE=90% of its clean value, or an absolute "
            "MEASURE=0.3; wer, entity_recall, intent_accuracy or another rate of turns. \\[entity_recall=90%]",
        ),
    ] = None,
    samples: options.SamplesOption = None,
    ref_column: options.RefColumnOption = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
    asr: options.RecognizerOption = None,
    agent: options.AgentOption = None,
    tts: options.VoiceOption = None,
    limit: options.LimitOption = None,
    category: options.CategoryOption = None,
    language: options.LanguageOption = None,
    normalizer: options.NormalizerOption = None,
    word_map: options.WordMapOption = None,
    seed: options.SeedOption = 0,
    out: Annotated[Path, typer.Option(help="The folder in which the sweep's folder is created.")] = Path("reports"),
    sweep_id: Annotated[
        str | None, typer.Option(help="Name of the sweep's folder. \\[default: time, engine, sweep]")
    ] = None,
    resume: Annotated[Path | None, options.run_option(help="Continue the interrupted sweep in this folder.")] = None,
) -> None:
    """Measure the same samples under increasingly hard conditions, and find where the pipeline breaks.

    A sweep varies one axis at a time, from mild to severe, and includes the clean recordings; --grid measures every
    combination instead. The engines are loaded once, in this process. Each condition is a run in the sweep's folder,
    which voicelab report can render.

    Examples: voicelab sweep --snr 20,10,5,0 --noise white,babble --limit 24 |
    voicelab sweep --bitrate 32,16,8 --loss 0,5,10 --breakpoint wer=0.4 | voicelab sweep --resume reports/SWEEP
    """
    from voicelab.analysis.sweep import running

    if resume is not None:
        options.refuse_beside_resume(context, "sweep")
        with terminal.resumable(resume, "sweep"), terminal.progress_bar("turns") as progress:
            folder, result = running.resume(resume, progress=progress)
        return _finish(folder, result)
    from voicelab.analysis.sweep.axes import points_of
    from voicelab.analysis.sweep.spec import SweepSpec
    from voicelab.paths import shipped
    from voicelab.runs.checking import checked
    from voicelab.runs.records import RunSpec

    columns = options.set_columns(ref_column, id_column, speaker_column, audio_column)
    base = checked(
        RunSpec, {"categories": "--category", **{name: f"--{name}" for name in ("limit", "normalizer", "seed")}},
        samples=samples or str(shipped("voice_samples")), columns=columns, target="in-process",
        limit=limit, categories=tuple(category or ()), language=language, normalizer=normalizer,
        word_map=options.word_map(word_map), seed=seed,
        **{kind: name for kind, name in (("asr", asr), ("agent", agent), ("tts", tts)) if name is not None},
    )  # fmt: skip
    spec = checked(
        SweepSpec, base=base, snr_db=_numbers("--snr", snr), noise=_kinds(noise),
        bitrate_kbps=_numbers("--bitrate", bitrate),
        loss_percent=_numbers("--loss", loss), gain_db=_numbers("--gain", gain), telephone=telephone,
        loss_bitrate_kbps=loss_bitrate, mean_burst=mean_burst, fec=fec, grid=grid,
        breakpoints=_breakpoints(breakpoint_, grid),
    )  # fmt: skip
    _refuse_what_changes_nothing(context, spec)
    points_of(spec)
    name = running.new_sweep_id(spec) if sweep_id is None else sweep_id
    with terminal.resumable(out / name, "sweep"), terminal.progress_bar("turns") as progress:
        folder, result = running.sweep(spec, out, sweep_id=name, progress=progress)
    return _finish(folder, result)


def _finish(folder: SweepFolder, result: SweepResult) -> None:
    from voicelab.analysis.sweep import page, wording
    from voicelab.text.plural import counted, listed

    assert result.figures is not None
    written = page.write(folder)
    terminal.table(f"sweep {folder.sweep_id}", wording.SHORT_COLUMNS, wording.short_rows(result.figures))
    terminal.echo(wording.interval_note(result.figures))
    for one in result.figures.breaks:
        terminal.echo(f"breakpoint: {one.sentence}")
    terminal.echo(f"report: {written}")
    without_condition, failed = _failures(folder, result)
    if without_condition:
        keys = listed(list(dict.fromkeys(turn.key for turn in without_condition)))
        terminal.warn(f"not every condition can be applied to {keys}: {_reason(without_condition[0])}")
    if failed:
        first = f"the first, {failed[0].key}: {_reason(failed[0])}"
        raise VoicelabError(f"{counted(len(failed), 'turn')} failed; {first}; see the runs in {folder.path}")


def _failures(folder: SweepFolder, result: SweepResult) -> tuple[list[TurnResult], list[TurnResult]]:
    """Return the turns that failed only because a condition cannot be applied to them, and the other failed turns.

    A condition that cannot be applied to any sample, such as silence as noise, is not the fault of a sample.
    """
    from voicelab.analysis.sweep.axes import CLEAN

    taken = {name: folder.run(name).turns() for name in result.runs}
    unreadable = {turn.key for turn in taken[CLEAN] if turn.broken}
    of_condition: list[TurnResult] = []
    others: list[TurnResult] = []
    for turns in taken.values():
        broken = [turn for turn in turns if turn.broken]
        for turn in broken:
            is_bad = turn.failure is not None and turn.failure.code == "bad_sample" and turn.key not in unreadable
            (of_condition if is_bad and len(broken) < len(turns) else others).append(turn)
    return of_condition, others


def _reason(turn: TurnResult) -> str:
    return turn.failure.message if turn.failure else "no reason was recorded"


def _numbers(option: str, text: str | None) -> tuple[float, ...]:
    found = []
    for part in (text or "").split(",") if text is not None else ():
        try:
            found.append(float(part))
        except ValueError:
            found.append(float("nan"))
        if not isfinite(found[-1]):
            raise InputError(
                f"{option} {text}: {part.strip()!r} is not a number; give numbers with commas, e.g. 20,10,5"
            )
    return tuple(found)


def _kinds(text: str) -> tuple[str, ...]:
    from voicelab.conditions.condition import NOISES

    kinds = [part.strip() for part in text.split(",")]
    if unknown := [kind for kind in kinds if kind not in NOISES and not (kind and Path(kind).exists())]:
        known = ", ".join(NOISES)
        raise InputError(f"--noise {text}: unknown kind {unknown[0]!r}; known: {known}, or the path of a sound file")
    return tuple(kinds)


def _breakpoints(given: list[str] | None, grid: bool) -> tuple[str, ...]:
    if grid and given:
        raise InputError("--grid has no axis, so it has no --breakpoint; leave one of them out")
    return () if grid else tuple(given) if given else ("entity_recall=90%",)


def _refuse_what_changes_nothing(context: typer.Context, spec: SweepSpec) -> None:
    """Refuse an option that no axis uses."""
    needs = {"noise": ("--snr", spec.snr_db), "fec": ("--loss", spec.loss_percent),
             "mean_burst": ("--loss", spec.loss_percent), "loss_bitrate": ("--loss", spec.loss_percent)}  # fmt: skip
    for name in options.given(context):
        if name in needs and not needs[name][1]:
            raise InputError(f"--{name.replace('_', '-')} has no effect without {needs[name][0]}; give both")
