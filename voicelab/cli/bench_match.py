"""`voicelab bench match`: test the matcher on generated pairs of written and spoken entities."""

from __future__ import annotations

from typing import Annotated

import typer

from voicelab.cli import terminal


def match(
    pairs: Annotated[int, typer.Option(min=1, max=1_000_000, help="Values per kind.")] = 500,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the values.")] = 0,
    with_class: Annotated[bool, typer.Option(help="Pass the class to the matcher. \\[default: infer it]")] = False,
    examples: Annotated[int, typer.Option(min=0, max=10, help="Number of wrong answers to print per kind.")] = 0,
) -> None:
    """Match 16 kinds of entities, written to spoken and back, and near misses that must not match.

    A near miss differs in one digit, sign, scale, unit or letter. The exit code is 1 if a direction is below 99 % or a
    near miss is found.

    Example: voicelab bench match --pairs 100
    """
    with terminal.errors():
        from voicelab.analysis.bench.match.law import holds, measure

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
