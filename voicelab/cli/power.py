"""`voicelab power`: how many samples and speakers the next measurement needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from voicelab.cli import completion, terminal
from voicelab.runs import file_errors


def power(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="One pilot run, or two systems' runs on the same samples.", autocompletion=completion.run_folders
        ),
    ],
    difference: Annotated[
        list[float] | None, typer.Option(help="The difference to detect; may be repeated. \\[0.02]")
    ] = None,
    figure: Annotated[
        str,
        typer.Option(
            help="wer, entity_recall, intent_accuracy or another rate of turns.", autocompletion=completion.figures
        ),
    ] = "wer",
    own_figure: Annotated[
        list[str] | None, typer.Option("--own-figure", help="Make this figure known: package.module:OBJECT.")
    ] = None,
    alpha: Annotated[float, typer.Option(help="Significance level (false-positive rate).")] = 0.05,
    power: Annotated[float, typer.Option("--power", help="Probability of detecting the difference.")] = 0.8,
    samples_each: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Samples of each speaker; may be repeated. \\[1, 5, 20, 100 and the pilot's]"),
    ] = None,
    correlation: Annotated[
        float, typer.Option(help="With one run: how alike two systems err on a sample, 0 to 1. 0 asks for the most.")
    ] = 0.0,
    plot: Annotated[Path | None, typer.Option(help="Also draw power against speakers, as a PNG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures alone, as JSON.")] = False,
) -> None:
    """From a pilot, how many speakers and samples a difference between two systems needs.

    Samples of one speaker are alike, so more of them help less and less: the design effect says how much. Two runs
    give the variance of their difference; of one run the second system is assumed. The test is Student's t over
    speakers, two-sided; where speakers are not known, conversations or samples stand for them.

    Examples: voicelab power reports/a --difference 0.02 | voicelab power reports/a reports/b --difference 0.01 --power
    0.9 --plot power.png
    """
    with terminal.errors():
        from voicelab.analysis.power import pilot
        from voicelab.analysis.power import plot as draw
        from voicelab.errors import InputError
        from voicelab.figures.outside import table_with
        from voicelab.metrics.power import detectable, power_of, speakers_needed

        for name, value in (("--alpha", alpha), ("--power", power)):
            if not 0 < value < 1:
                raise InputError(f"{name} {value:g}: must lie between 0 and 1, as 0.05 or 0.8")
        if not 0 <= correlation < 1:
            raise InputError(f"--correlation {correlation:g}: must be at least 0 and less than 1")
        if correlation and len(runs) > 1:
            raise InputError("--correlation is measured where two runs are given; leave it out")
        differences = sorted(difference or [0.02], reverse=True)
        if any(one <= 0 for one in differences):
            raise InputError("--difference must be more than 0, as 0.02")
        if plot is not None:
            file_errors.check_file("--plot", plot)
        found = pilot(runs, figure, correlation, table_with(own_figure or ()))
        of, unit = found.spread, found.unit
        alone = unit == "sample"
        if alone and samples_each:
            raise InputError("--samples-each needs a pilot that names speakers; here each sample stands alone")
        each_of = [1] if alone else sorted(set(samples_each or (1, 5, 20, 100, max(1, round(found.samples_each)))))
        rows = [
            {
                "difference": one, "samples_each": each, "design_effect": of.design_effect(each), "speakers": count,
                "samples": None if count is None else count * each,
                "power": None if count is None else power_of(one, of.error(count, each), count, alpha),
            }
            for one in differences
            for each in each_of
            for count in [speakers_needed(one, of, each, alpha=alpha, power=power)]
        ]  # fmt: skip
        least = detectable(of, of.speakers, found.samples_each, alpha=alpha, power=power)
        if plot is not None:
            most = max((row["speakers"] for row in rows if row["speakers"] is not None), default=100)
            draw(found, differences[-1], each_of, int(2 * most), alpha, power).savefig(plot, format="png", dpi=150)
        if as_json:
            made_of = {
                "runs": found.runs, "figure": figure, "value": found.value, "difference": found.difference,
                "unit": unit, "units": of.speakers, "samples": of.samples, "variance_between": of.between,
                "variance_within": of.within, "icc": None if alone else of.icc,
            }  # fmt: skip
            settings = {"alpha": alpha, "power": power, "correlation": correlation if len(runs) == 1 else None}
            typer.echo(json.dumps({"pilot": made_of, **settings, "detectable": least, "needed": rows}, indent=2))
            return
        typer.echo(f"pilot: {', '.join(found.runs)}: {figure} {found.value:.4f}"
                   + (f", the second {found.difference:+.4f}" if found.difference is not None else "")
                   + f"; {of.samples} samples" + ("" if alone else f" of {of.speakers} {unit}s"))  # fmt: skip
        if alone:
            typer.echo(f"A sample's standard deviation is {of.error(1, 1):.4f}; no two of them are known to be alike.")
        else:
            typer.echo(f"Standard deviations: between {unit}s {of.between**0.5:.4f}, within {of.within**0.5:.4f};"
                       f" intraclass correlation {of.icc or 0.0:.3f}.")  # fmt: skip
        if of.speakers < 10:
            typer.echo(
                f"{of.speakers} {unit}s tell the variance between {unit}s roughly: take the figures as a first guess."
            )
        if len(runs) == 1:
            typer.echo(f"The second system is assumed to vary as much, its errors correlated by {correlation:g}.")
        shown = [
            (f"{row['difference']:g}", str(row["samples_each"]), f"{row['design_effect']:.2f}",
             "more than 1,000,000" if row["speakers"] is None else f"{row['speakers']:,}",
             "-" if row["samples"] is None else f"{row['samples']:,}")
            for row in rows
        ]  # fmt: skip
        title = f"needed to find a difference {100 * power:g} % of the time, alpha {alpha:g}"
        terminal.table(title, ("difference", "samples each", "design effect", f"{unit}s", "samples in all"), shown)
        typer.echo(f"This pilot's own {of.speakers} {unit}s would find a difference of {least:.4f} or more.")
