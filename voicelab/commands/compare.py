"""`voicelab compare`: runs on the same samples, side by side."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Annotated

import typer

from voicelab import terminal


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of two runs or more on the same samples.")],
    normalizer: Annotated[str, typer.Option(help="Spelling rule: none, basic, english, cjk.")] = "english",
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Also run notebooks/compare.ipynb, with audio, and keep it in this folder.")
    ] = None,
) -> None:
    """Put runs side by side: WER with intervals, paired differences, and where they differ."""
    with terminal.errors():
        from voicelab.compare import compare as put_together

        found = put_together(runs, rules=normalizer, seed=seed)
        for title, frame in (("words", found.words()), ("differences", found.pairs()), ("speed", found.speed())):
            rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
            terminal.table(title, list(map(str, frame.columns)), rows)
        typer.echo(f"{len(found.disagreements())} of {len(found.contenders[0].turns)} samples were not heard alike.")
        if out is not None:
            from voicelab import notebook

            folders = [str(run.resolve()) for run in runs]
            written = notebook.execute("compare", out, {"runs": folders, "normalizer": normalizer, "seed": seed})
            typer.echo(f"notebook: {written}")


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and isnan(value)):
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
