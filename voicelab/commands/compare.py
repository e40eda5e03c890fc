"""`voicelab compare`: runs on the same samples, side by side."""

from __future__ import annotations

import json
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from voicelab import terminal

if TYPE_CHECKING:
    import pandas as pd

    from voicelab.compare import Comparison


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of two runs or more on the same samples.")],
    normalizer: Annotated[
        str | None,
        typer.Option(help="Score all by: none, basic, english, cjk, sclite. \\[the one that all runs were made with]"),
    ] = None,
    weights: Annotated[
        Literal["minimal", "sclite"],
        typer.Option(help="What errors cost in the alignment. minimal: 1 each. sclite: sub 4, ins 3, del 3."),
    ] = "minimal",
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    draws: Annotated[int, typer.Option(min=100, help="Draws of the bootstrap.")] = 2000,
    flips: Annotated[int, typer.Option(min=0, help="Print so many of the flipped samples; --json has all.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures alone, as JSON.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Also run notebooks/compare.ipynb, with audio, and keep it in this folder.")
    ] = None,
) -> None:
    """Put runs side by side: differences with intervals, tests, and the samples that turned right or wrong.

    Differences are second minus first, with a paired bootstrap over whole speakers (or conversations, or samples).
    Tests of equal word errors: MAPSSWE by segments, as NIST sc_stats; McNemar by samples with every word right;
    Wilcoxon by speakers. With several pairs p is also adjusted by Holm. Runs on other samples, references or
    normalizers are refused. docs/sureness.md says more.

    Examples: voicelab compare reports/a reports/b | voicelab compare reports/a reports/b reports/c --json |
    voicelab compare reports/a reports/b --normalizer basic --out reports/compared
    """
    with terminal.errors():
        from voicelab.compare import compare as put_together

        found = put_together(runs, rules=normalizer, weights=weights, seed=seed, draws=draws)
        if as_json:
            typer.echo(_json(found))
        else:
            _show(found, flips)
        if out is not None:
            from voicelab import notebook

            folders = [str(run.resolve()) for run in runs]
            chosen = {"normalizer": normalizer, "weights": weights, "seed": seed, "draws": draws}
            written = notebook.execute("compare", out, {"runs": folders, **chosen})
            typer.echo(f"notebook: {written}", err=as_json)


def _show(found: Comparison, most: int) -> None:
    _table("words", found.words())
    _differences(found.pairs())
    _tests(found.tests())
    _table("speed", found.speed())
    flipped = found.flipped()
    if len(flipped) and most:
        _table(f"flipped: {min(most, len(flipped))} of {len(flipped)}", flipped.head(most))
    typer.echo(f"{len(found.disagreements())} of {len(found.contenders[0].turns)} samples were not heard alike.")
    modes = {one.run.spec.mode for one in found.contenders}
    if len(modes) > 1:
        typer.echo(f"latencies of {' and '.join(sorted(modes))} are not compared: they do not mean the same.")


def _differences(frame: pd.DataFrame) -> None:
    rows = [
        (row["first"], row["second"], row["figure"], _cell(row["first value"]), _cell(row["second value"]),
         f"{row['difference']:+.4f}", _ends(row["low"], row["high"]), _percent(row["relative"]),
         _ends(row["relative low"], row["relative high"], _percent), f"{row['samples']} by {row['drawn by']}",
         _cell(row["method"]))
        for row in frame.to_dict("records")
    ]  # fmt: skip
    columns = ("first", "second", "figure", "value", "value", "difference", "95 % interval", "relative",
               "95 % interval", "samples", "interval by")  # fmt: skip
    terminal.table("differences, second minus first", columns, rows)


def _tests(frame: pd.DataFrame) -> None:
    """One table of tests; p twice when several pairs make the adjustment matter."""
    from voicelab.metrics.significance import p_text

    several = len(frame) > 1
    rows = []
    for row in frame.to_dict("records"):
        z = f", Z {row['Z']:.3f}" if not _none(row["Z"]) else ""
        for test, what in (
            ("MAPSSWE", f"{row['segments']} segments{z}"),
            ("McNemar", f"only first right {row['only first right']}, only second {row['only second right']}"),
            ("Wilcoxon", f"{row['ranked']} that differ"),
        ):
            p_values = [row[f"{test} p"], row[f"{test} Holm"]] if several else [row[f"{test} p"]]
            shown = [p_text(None if _none(p) else p) for p in p_values]
            rows.append((row["first"], row["second"], test, what, *shown))
    columns = ("first", "second", "test", "from", "p", *(("p by Holm",) if several else ()))
    terminal.table("do they make equally many word errors?", columns, rows)


def _table(title: str, frame: pd.DataFrame) -> None:
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    terminal.table(title, list(map(str, frame.columns)), rows)


def _none(value: object) -> bool:
    return value is None or (isinstance(value, float) and isnan(value))


def _cell(value: object) -> str:
    if _none(value):
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _percent(value: object) -> str:
    return f"{100 * value:+.1f} %" if isinstance(value, float) and not isnan(value) else "-"


def _ends(low: object, high: object, show: Any = None) -> str:
    if _none(low) or _none(high):
        return "-"
    shown = show or (lambda value: f"{value:+.4f}")
    return f"[{shown(low)}, {shown(high)}]"


def _json(found: Comparison) -> str:
    frames = {
        "words": found.words(), "differences": found.pairs(), "tests": found.tests(), "speed": found.speed(),
        "flipped": found.flipped(),
    }  # fmt: skip
    records = {
        name: [{key: None if _none(value) else value for key, value in row.items()} for row in frame.to_dict("records")]
        for name, frame in frames.items()
    }
    made_by = {
        "runs": [one.name for one in found.contenders],
        "normalizer": {"name": found.rules.name, "version": found.rules.version},
        "weights": found.weights, "seed": found.seed, "draws": found.draws,
    }  # fmt: skip
    return json.dumps(made_by | records, indent=2, ensure_ascii=False)
