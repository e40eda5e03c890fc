"""`voicelab power`: compute how many samples and speakers a measurement needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicelab.cli import options, terminal
from voicelab.errors import InputError
from voicelab.runs import file_errors
from voicelab.text.plural import counted

if TYPE_CHECKING:
    from voicelab.analysis.power import Need, Pilot, PowerTest


def power(
    runs: Annotated[list[Path], options.run_argument(help="One pilot run, or two systems' runs on the same samples.")],
    difference: Annotated[
        list[float] | None, typer.Option(help="The difference to detect; may be repeated. \\[0.02]")
    ] = None,
    figure: Annotated[
        str, options.figure_option(help="wer, entity_recall, intent_accuracy or another rate of turns.")
    ] = "wer",
    own_figure: Annotated[
        list[str] | None, typer.Option("--own-figure", help="Add this figure: package.module:OBJECT.")
    ] = None,
    alpha: Annotated[float, typer.Option(help="Significance level (false-positive rate).")] = 0.05,
    power: Annotated[float, typer.Option("--power", help="Probability of detecting the difference.")] = 0.8,
    samples_each: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Samples per speaker; may be repeated. \\[1, 5, 20, 100 and the pilot's]"),
    ] = None,
    correlation: Annotated[
        float, typer.Option(help="With one run: correlation of two systems' errors, 0 to 1; 0 needs most samples.")
    ] = 0.0,
    plot: Annotated[Path | None, typer.Option(help="Also plot power against speakers to this PNG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Compute from a pilot how many speakers and samples are needed to detect a difference between two systems.

    Samples of one speaker are correlated, so more of them help less and less; the design effect measures this. Two runs
    give the variance of their difference; with one run, the second system is assumed to have the same variance. The
    test is a two-sided Student's t test over speakers, or over conversations or samples if speakers are unknown.

    Examples: voicelab power reports/a --difference 0.02 | voicelab power reports/a reports/b --difference 0.01 --power
    0.9 --plot power.png
    """
    from voicelab.analysis.power import PowerTest, least_difference, needs, pilot
    from voicelab.analysis.power import plot as draw
    from voicelab.figures.outside import table_with

    test = PowerTest(alpha, power)
    if not 0 <= correlation < 1:
        raise InputError(f"--correlation {correlation:g}: must be at least 0 and less than 1")
    if correlation and len(runs) > 1:
        raise InputError("--correlation is measured if two runs are given; leave it out")
    differences = sorted(difference or [0.02], reverse=True)
    if any(one <= 0 for one in differences):
        raise InputError("--difference must be above 0, e.g. 0.02")
    if plot is not None:
        file_errors.check_file("--plot", plot)
    found = pilot(runs, figure, correlation, table_with(own_figure or ()))
    needed, least = needs(found, differences, samples_each or (), test), least_difference(found, test)
    assumed = correlation if len(runs) == 1 else None
    if plot is not None:
        draw(found, needed, test).savefig(plot, format="png", dpi=150)
    if as_json:
        terminal.print_json(_document(found, needed, least, test, assumed))
        return
    for line in _pilot_lines(found, assumed):
        terminal.echo(line)
    _show_needs(found, needed, test)
    terminal.echo(
        f"This pilot's own {found.spread.speakers} {found.unit}s would detect a difference of {least:.4f} or more."
    )


def _document(
    of: Pilot, needed: Sequence[Need], least: float, test: PowerTest, correlation: float | None
) -> dict[str, Any]:
    spread = of.spread
    pilot = {
        "runs": of.runs, "figure": of.figure.name, "value": of.value, "difference": of.difference,
        "unit": of.unit, "units": spread.speakers, "samples": spread.samples, "variance_between": spread.between,
        "variance_within": spread.within, "icc": None if of.alone else spread.icc,
    }  # fmt: skip
    settings = {**asdict(test), "correlation": correlation}
    rows = [asdict(one) for one in needed]
    return {"pilot": pilot, **settings, "detectable": least, "needed": rows}


def _pilot_lines(of: Pilot, correlation: float | None) -> Iterator[str]:
    """Describe the pilot's variance. correlation: assumed for a second system; None if it was measured."""
    spread, unit = of.spread, of.unit
    second = f", the second {of.difference:+.4f}" if of.difference is not None else ""
    by = "" if of.alone else f" of {spread.speakers} {unit}s"
    size = f"{counted(spread.samples, 'sample')}{by}"
    yield f"pilot: {', '.join(of.runs)}: {of.figure.name} {of.value:.4f}{second}; {size}"
    if of.alone:
        yield f"A sample's standard deviation is {spread.error(1, 1):.4f}; the clusters of samples are unknown."
    else:
        yield (
            f"Standard deviations: between {unit}s {spread.between**0.5:.4f}, within {spread.within**0.5:.4f};"
            f" intraclass correlation {spread.icc or 0.0:.3f}."
        )
    if spread.speakers < 10:
        yield f"{spread.speakers} {unit}s give only a rough variance: treat the figures as a first estimate."
    if correlation is not None:
        yield f"The second system is assumed to vary equally, with errors correlated by {correlation:g}."


def _show_needs(of: Pilot, needed: Sequence[Need], test: PowerTest) -> None:
    rows = [
        (
            f"{one.difference:g}",
            str(one.samples_each),
            f"{one.design_effect:.2f}",
            "more than 1,000,000" if one.speakers is None else f"{one.speakers:,}",
            "-" if one.samples is None else f"{one.samples:,}",
        )
        for one in needed
    ]
    title = f"needed to detect a difference with power {100 * test.power:g} %, alpha {test.alpha:g}"
    terminal.table(title, ("difference", "samples each", "design effect", f"{of.unit}s", "samples in all"), rows)
