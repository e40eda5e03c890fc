"""`voicelab bench intervals`: measure the coverage of the intervals and tests on simulated sets."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from voicelab.cli import terminal

QUICK_SETS, QUICK_SPEAKERS = 200, (3, 5, 10, 30)


def intervals(
    table: Annotated[
        list[str] | None,
        typer.Option(help="coverage, percentiles, false alarms or differences, may be repeated. \\[default: all]"),
    ] = None,
    speakers: Annotated[
        list[int] | None,
        typer.Option(
            min=2,
            max=10_000,
            help="Number of speakers, may be repeated. \\[default: 2, 3, 5, 8, 10, ... 100]",
        ),
    ] = None,
    sets: Annotated[int, typer.Option(min=20, max=1_000_000, help="Simulated sets for each design.")] = 1000,
    quick: Annotated[
        bool, typer.Option("--quick", help="200 sets, of 3, 5, 10 and 30 speakers: about two minutes.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the simulation.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, max=1024, help="Processes. \\[default: one per core]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Print the coverage of 95 % intervals and the false-alarm rate of tests at the 5 % level.

    The sets are simulated: 2 to 100 speakers who differ, with equal numbers of turns or numbers from a Pareto
    distribution. The output is Markdown, as in docs/explanation/confidence_intervals.md. It takes 15 minutes on two
    cores.

    Examples: voicelab bench intervals --quick | voicelab bench intervals --table coverage --sets 4000
    """
    with terminal.errors():
        from voicelab.analysis.bench.intervals import simulate, tables
        from voicelab.analysis.bench.intervals.designs import SPEAKERS
        from voicelab.errors import InputError

        for name in table or ():
            if name not in simulate.TABLES:
                raise InputError(f"--table {name}: unknown; known: {', '.join(simulate.TABLES)}")
        chosen = [name for name in simulate.TABLES if not table or name in table]
        count = QUICK_SETS if quick else sets
        designs = simulate.designs(chosen, speakers or (QUICK_SPEAKERS if quick else SPEAKERS))
        found = {}
        with terminal.progress_bar("designs") as advance:
            advance(0, len(designs), None)
            for cells in simulate.run(designs, count, seed, jobs):
                found[cells[0].design] = cells
                advance(len(found), len(designs), None)
        ordered = [cell for design in designs for cell in found[design]]
        if as_json:
            typer.echo(json.dumps({"sets": count, "seed": seed, "cells": [asdict(cell) for cell in ordered]}, indent=2))
            return
        for name in chosen:
            typer.echo(f"\n{name}: {count} sets each, seed {seed}, by the number of speakers\n")
            typer.echo(tables.table(ordered, name))
        typer.echo(f"\n{tables.LEGEND}")
