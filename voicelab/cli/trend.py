"""`voicelab runs trend`: a figure over time."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from voicelab.cli import options, terminal
from voicelab.text.plural import counted


def trend(
    name: Annotated[str, typer.Argument(metavar="FIGURE", help="A figure's name, e.g. wer.")],
    out: Annotated[Path, typer.Option(help="The folder of the runs.")] = Path("reports"),
    png: Annotated[Path | None, typer.Option(help="Plot to this file. \\[default: OUT/trend-FIGURE.png]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    figure: options.FigureOption = None,
) -> None:
    """Show a figure over the finished runs of a folder, with intervals, and mark changes beyond the noise.

    Neighbouring runs on the same samples are compared: better or worse means that the 95 % interval of the paired
    difference excludes 0.

    Example: voicelab runs trend wer
    """
    from voicelab.analysis.trend import draw
    from voicelab.analysis.trend import trend as measure
    from voicelab.figures.outside import table_with
    from voicelab.report.plots import png as drawn
    from voicelab.report.wording import NONE, in_unit
    from voicelab.runs import storage

    points = measure(out, name, figure or ())
    label = table_with(figure or ())[name]
    path = png or out / f"trend-{name}.png"
    picture = drawn(draw(points, label.title))
    if picture is not None:
        storage.write_whole(path, picture)
    if as_json:
        rows = [asdict(one) | {"measured": one.measured.model_dump(mode="json")} for one in points]
        terminal.print_json(rows)
        return

    def span(low: float | None, high: float | None) -> str:
        return NONE if low is None or high is None else f"[{in_unit(low, label.unit)}, {in_unit(high, label.unit)}]"

    shown = [
        (
            one.run_id,
            in_unit(one.measured.value, label.unit),
            span(one.measured.low, one.measured.high),
            NONE if one.change is None else f"{one.change:+.3g} {span(one.low, one.high)}",
            f"{one.verdict}{f': {one.note}' if one.verdict == 'not compared' else ''}",
        )
        for one in points
    ]
    columns = ("run", label.short, "95 % interval", "change", "")
    terminal.table(f"{label.title}, {counted(len(points), 'run')}", columns, shown)
    terminal.echo(f"picture: {path}")
