"""`python -m tests.laws match|intervals|audit|turn-end-fit`: check statistics and rules of the package at full size."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from tests.laws.audit_trial import trial
from tests.laws.intervals import simulate, tables
from tests.laws.intervals.designs import SPEAKERS
from tests.laws.match.law import holds, measure
from tests.laws.turn_end_fit import weights_in_source_form
from voicelab.cli import terminal
from voicelab.cli.strict import StrictTyper
from voicelab.errors import InputError

QUICK_SETS, QUICK_SPEAKERS = 200, (3, 5, 10, 30)

app = StrictTyper(
    no_args_is_help=True,
    add_completion=False,
    help="Check the matcher's rules, the intervals, the audit and the weights of `prosody` at full size. "
    "The tests run the same code with fewer values.",
)


@app.command()
def match(
    pairs: Annotated[int, typer.Option(min=1, max=1_000_000, help="Values per kind.")] = 500,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the values.")] = 0,
    with_class: Annotated[bool, typer.Option(help="Pass the class to the matcher. \\[default: infer it]")] = False,
    examples: Annotated[int, typer.Option(min=0, max=10, help="Number of wrong answers to print per kind.")] = 0,
) -> None:
    """Match 16 kinds of entities, written to spoken and back, and near misses that must not match.

    A near miss differs in one digit, sign, scale, unit or letter. The exit code is 1 if a direction is below 99 % or a
    near miss is found.

    Example: python -m tests.laws match --pairs 100
    """
    counts = measure(pairs, seed, with_class=with_class)
    rows = [
        (one.name, f"{one.to_spoken / one.pairs:.3f}", f"{one.to_written / one.pairs:.3f}",
         f"{one.wrongly_found} of {one.near_misses}")
        for one in counts
    ]  # fmt: skip
    total = sum(one.pairs for one in counts)
    spoken, written = sum(one.to_spoken for one in counts), sum(one.to_written for one in counts)
    wrong, near = sum(one.wrongly_found for one in counts), sum(one.near_misses for one in counts)
    rows.append(("all", f"{spoken / total:.3f}", f"{written / total:.3f}", f"{wrong} of {near}"))
    title = f"{pairs} values of each kind, seed {seed}"
    terminal.table(title, ("kind", "written to spoken", "spoken to written", "near misses found"), rows)
    for one in counts:
        for entity, text, expected in one.examples[:examples]:
            typer.echo(f"{one.name}: {entity!r} in {text!r} should be {str(expected).lower()}")
    if not holds(counts):
        raise typer.Exit(1)


@app.command()
def intervals(
    table: Annotated[
        list[str] | None,
        typer.Option(
            help="coverage, percentiles, differences, false alarms or other tests, may be repeated. \\[default: all]"
        ),
    ] = None,
    speakers: Annotated[
        list[int] | None,
        typer.Option(
            min=2,
            max=10_000,
            help="Number of speakers, may be repeated. \\[default: 2, 3, 5, 8, 10, ... 100]",
        ),
    ] = None,
    sets: Annotated[int, typer.Option(min=20, max=1_000_000, help="Intervals or tests for each design.")] = 6000,
    quick: Annotated[
        bool, typer.Option("--quick", help="200 sets, of 3, 5, 10 and 30 speakers: about two minutes.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the simulation.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, max=1024, help="Processes. \\[default: one per core]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Print the coverage of 95 % intervals and the false-alarm rate of tests at the 5 % level.

    The sets are simulated: 2 to 100 speakers who differ, with equal numbers of turns or numbers from a Pareto
    distribution. A design whose sets are not all answered gets up to twice as many sets; one that is mostly refused
    gets no more. The output is Markdown, as in docs/explanation/confidence_intervals.md. It takes 15 minutes on two
    cores.

    Examples: python -m tests.laws intervals --quick | python -m tests.laws intervals --table coverage --sets 4000
    """
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
        typer.echo(f"\n{name}: {count} intervals or tests for each design, seed {seed}, by the number of speakers\n")
        typer.echo(tables.table(ordered, name))
        typer.echo(f"\n{tables.summary(ordered, name)}")
    typer.echo(f"\n{tables.LEGEND}")


@app.command()
def audit() -> None:
    """Corrupt labels of the shipped set, and print the precision at 8 of the acoustic audit in five draws.

    It takes minutes.

    Example: python -m tests.laws audit
    """
    for kind, shares in trial().items():
        typer.echo(f"{kind}: {', '.join(f'{share:.3f}' for share in shares)}")


@app.command()
def turn_end_fit() -> None:
    """Fit the weights of `prosody` (voicelab/vad/turn_end/prosody.py) to six speakers of the shipped set.

    Prints the constants of prosody.py as source code. It takes minutes. `voicelab bench endpoint` reports figures on
    the other speakers.

    Example: python -m tests.laws turn-end-fit
    """
    typer.echo(weights_in_source_form())


if __name__ == "__main__":
    app()
