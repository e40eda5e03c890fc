"""`voicelab gate`: fail a build if a run misses a limit or is worse than another run."""

from pathlib import Path
from typing import Annotated

import typer

from voicelab.cli import options, terminal
from voicelab.errors import InputError
from voicelab.runs import file_errors


def gate(
    run: options.RunArgument,
    most: Annotated[
        list[str] | None, options.limit_option("--max", help="FIGURE=NUMBER, an upper limit; may be repeated.")
    ] = None,
    least: Annotated[
        list[str] | None, options.limit_option("--min", help="FIGURE=NUMBER, a lower limit; may be repeated.")
    ] = None,
    sure: Annotated[
        bool, typer.Option("--sure", help="The far end of the 95 % interval must meet a limit, and be within --margin.")
    ] = False,
    baseline: Annotated[Path | None, options.run_option(help="A run on the same samples to compare with.")] = None,
    no_worse: Annotated[
        list[str] | None,
        options.figure_option(help="FIGURE that must not be worse than the baseline's; may be repeated."),
    ] = None,
    margin: Annotated[float, typer.Option(min=0.0, help="Maximum difference from the baseline that passes.")] = 0.0,
    max_failed: Annotated[float, typer.Option(min=0.0, max=1.0, help="Maximum share of failed turns.")] = 0.05,
    figure: options.FigureOption = None,
    junit: Annotated[Path | None, typer.Option(help="Also write the gates to this file as JUnit XML, for CI.")] = None,
) -> None:
    """Check a run's figures against limits: exit code 0 if all gates pass, 1 on a miss or without evidence.

    Missing evidence is a miss: an unfinished run, a figure without scored turns, a percentile of too few turns.
    --no-worse is missed if the whole 95 % interval of the paired difference is beyond --margin; with --sure it passes
    only if the whole interval is within --margin. Figures: wer, entity_recall, intent_accuracy, first_audio_s.p95 and
    others; an unknown name prints the list.

    Examples: voicelab gate reports/a --max wer=0.25 --max first_audio_s.p95=1.5 --min entity_recall=0.9 |
    voicelab gate reports/b --baseline reports/a --no-worse wer --margin 0.01 --junit gate.xml
    """
    from voicelab.analysis.gate import check, limit
    from voicelab.analysis.gate import junit as junit_of
    from voicelab.figures.outside import table_with
    from voicelab.runs.records import RunFolder
    from voicelab.scoring.run_warnings import text_warnings
    from voicelab.scoring.scored_run import read_scored

    table = table_with(figure or ())
    limits = [limit("max", text, table) for text in most or ()]
    limits += [limit("min", text, table) for text in least or ()]
    if not limits and not no_worse:
        raise InputError("no limit is given; give --max, --min or --no-worse")
    if bool(baseline) != bool(no_worse):
        raise InputError("--baseline and --no-worse go together; give both or neither")
    if junit is not None:
        file_errors.check_file("--junit", junit)
    scored = read_scored(RunFolder(run))
    outcomes = check(
        scored,
        limits,
        sure=sure,
        max_failed=max_failed,
        baseline=baseline,
        no_worse=no_worse or (),
        margin=margin,
        table=table,
    )
    for warning in text_warnings(scored.run.spec.rules, [score.turn for score in scored.scores]):
        terminal.warn(warning)
    rows = [("kept" if one.passed else "MISSED", one.name, one.found) for one in outcomes]
    terminal.table(f"gates of {run.name}", ("", "gate", "found"), rows)
    if junit is not None:
        junit.write_bytes(junit_of(run.name, outcomes))
    missed = sum(not one.passed for one in outcomes)
    terminal.echo(f"{len(outcomes) - missed} of {len(outcomes)} gates passed")
    if missed:
        raise typer.Exit(terminal.FAILED)
