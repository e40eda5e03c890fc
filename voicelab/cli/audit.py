"""`voicelab audit`: find recordings that do not match their reference texts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicelab.cli import options, terminal
from voicelab.errors import InputError
from voicelab.runs import file_errors
from voicelab.text import NAMES

if TYPE_CHECKING:
    from voicelab.analysis.audit.audit import Audit, Suspect


def audit(
    runs: Annotated[
        list[Path] | None, options.run_argument(help="Folders of runs on the same samples.", show_default=False)
    ] = None,
    samples: Annotated[
        Path | None, options.set_option(help="Without a run: a sample set in any format of docs/reference/samples.md.")
    ] = None,
    ref_column: options.RefColumnOption = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
    asr: Annotated[
        str | None, options.recognizer_option(help="With --samples: the recognizer, NAME:option=value. \\[moonshine]")
    ] = None,
    normalizer: Annotated[str, typer.Option(help=f"Normalizer for comparing systems: {NAMES}.")] = "english",
    word_map: options.WordMapOption = None,
    top: Annotated[int, typer.Option(min=1, help="Number of samples to show.")] = 10,
    fixes: Annotated[
        Path | None, typer.Option(help="Write the shown samples to this .csv, to fill in for voicelab correct.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole ranking as JSON.")] = False,
) -> None:
    """Rank samples by the evidence against their reference texts.

    With several runs, samples rank high if the systems agree with each other and not with the reference. With one run,
    or --samples, they rank high if the audio fits the recognizer's transcript better than the reference, by forced
    alignment (English). A high rank is a reason to listen, not a verdict.

    Examples: voicelab audit --samples my/set | voicelab audit reports/RUN | voicelab audit reports/A reports/B
    --fixes fixes.csv
    """
    from voicelab.analysis.audit.audit import audit_runs, audit_samples
    from voicelab.analysis.audit.corrections import write_template
    from voicelab.datasets import load

    if bool(runs) == (samples is not None):
        raise InputError("name either runs or a set with --samples")
    if asr is not None and samples is None:
        raise InputError("--asr goes with --samples; leave it out for a run, which has its recognizer")
    columns = options.set_columns(ref_column, id_column, speaker_column, audio_column, goes_with=samples is not None)
    if word_map is not None and len(runs or []) < 2:
        raise InputError("--word-map is for texts of several systems; name two or more runs, or leave it out")
    mapped = options.word_map(word_map)
    if fixes is not None:
        file_errors.check_new_file("--fixes", fixes)
    with terminal.progress_bar("transcribed and aligned" if samples else "aligned") as progress:
        found = (
            audit_samples(load(samples, columns), asr, progress=progress)
            if samples is not None
            else audit_runs(runs or [], rules=normalizer, word_map=mapped, progress=progress)
        )
    if as_json:
        terminal.print_json(as_document(found))
    else:
        _show(found, top)
    if fixes is not None:
        write_template(fixes, found.suspects[:top])
        terminal.echo(f"to fill in: {fixes}; then: voicelab correct SET {fixes} --out NEW", err=as_json)


def _show(found: Audit, top: int) -> None:
    from voicelab.analysis.audit.wording import SCORES, why

    for name, system in found.systems.items():
        terminal.echo(f"{name}: {system}")
    rows = [
        (f"{rank}", f"{one.score:.3f}", f"{one.sample_id}\n{one.reference}\n{_heard(one)}", why(one))
        for rank, one in enumerate(found.suspects[:top], start=1)
    ]
    terminal.table(
        f"by {found.method}: {SCORES[found.method]}", ("", "score", "sample, reference, transcripts", "why"), rows
    )
    for sample_id, reason in found.not_judged:
        terminal.warn(f"{sample_id} is not scored: {reason}")


def _heard(one: Suspect) -> str:
    return "\n".join(f"{name}: {text or '(nothing)'}" for name, text in one.heard.items())


def as_document(found: Audit) -> dict[str, Any]:
    from voicelab.analysis.score_transcripts import rule

    return {
        "format_version": 1,
        "method": found.method,
        "normalizer": rule(found.normalizer) if found.normalizer else None,
        "systems": dict(found.systems),
        "aligner": found.aligner,
        "suspects": [
            {"sample_id": one.sample_id, "reference": one.reference, "heard": dict(one.heard)}
            | {"score": _finite(one.score), "because": {k: _finite(v) for k, v in asdict(one.because).items()}}
            for one in found.suspects
        ],
        "not_judged": [{"sample_id": sample_id, "reason": reason} for sample_id, reason in found.not_judged],
    }


def _finite(value: Any) -> Any:
    """JSON has no infinity: return null, and `because.problem` gives the reason."""
    return None if value == float("inf") else value
