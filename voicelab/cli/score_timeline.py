"""`voicelab score-timeline`: turn-taking figures of timelines from other tools."""

from pathlib import Path
from typing import Annotated

import typer

from voicelab.cli import terminal
from voicelab.text.plural import counted


def score_timeline(
    files: Annotated[list[Path], typer.Argument(help="JSON, CSV or TSV files, or folders of them; they are pooled.")],
    tick_s: Annotated[
        float | None,
        typer.Option(min=0.001, max=2.0, help="Tick length in seconds. \\[0.2; 0.01 for times off the 0.2 s grid]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score turn taking by τ-voice's definitions: responses, yields, interruptions and selectivity.

    Reads τ-voice's simulations (tau2-bench), ticks, and rows with speaker, start_s, end_s and kind (turn, backchannel,
    vocal_tic, non_directed).

    Example: voicelab score-timeline calls.csv
    """
    from voicelab.analysis.timeline_files import read_timelines
    from voicelab.metrics.turn_taking.events import events_of
    from voicelab.metrics.turn_taking.panel import panel

    timelines = read_timelines(files, tick_s)
    figures = panel(events_of(one.ticks, one.tick_s) for one in timelines)
    if as_json:
        content = {one.name: {"value": one.value, "n": one.n, "unit": one.unit} for one in figures}
        terminal.print_json({"conversations": len(timelines), "figures": content})
        return
    rows = [
        (one.title, "no events" if one.value is None else f"{one.value:.4f}", one.unit, str(one.n)) for one in figures
    ]
    terminal.table(counted(len(timelines), "conversation"), ("figure", "value", "unit", "n"), rows)
