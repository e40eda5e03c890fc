"""`voicelab compare`: compare runs on the same samples."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from voicelab.cli import options, terminal
from voicelab.text import NAMES
from voicelab.text.plural import counted

if TYPE_CHECKING:
    from voicelab.analysis.compare import Comparison
    from voicelab.analysis.compare.comparison import Rows


def compare(
    runs: Annotated[list[Path], options.run_argument(help="Folders of two or more runs on the same samples.")],
    normalizer: Annotated[str | None, typer.Option(help=f"Normalizer for all runs: {NAMES}. \\[the runs' own]")] = None,
    word_map: options.WordMapOption = None,
    weights: Annotated[
        Literal["minimal", "sclite"],
        typer.Option(help="Costs of errors in the alignment. minimal: 1 each. sclite: sub 4, ins 3, del 3."),
    ] = "minimal",
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap, 0 or more.")] = 0,
    draws: Annotated[int, typer.Option(min=100, help="Number of bootstrap resamples.")] = 2000,
    flips: Annotated[int, typer.Option(min=0, help="Maximum flipped samples per direction; --json has all.")] = 20,
    figure: options.FigureOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Also write the comparison as one offline HTML page to this file.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Also run notebooks/compare.ipynb, with audio, and save it in this folder.")
    ] = None,
) -> None:
    """Compare runs: differences with intervals, significance tests, and samples that flipped between right and wrong.

    Differences are second minus first, paired by speaker (or conversation, or sample). Tests of equal word errors:
    Student's t, the sign test and Wilcoxon's test by speaker; MAPSSWE by segments and McNemar's test by samples, which
    assume that these are independent. With several pairs, p is also adjusted by Holm. Runs with different samples,
    references or normalizers are refused. See docs/explanation/confidence_intervals.md.

    Examples: voicelab compare reports/a reports/b | voicelab compare reports/a reports/b reports/c --json |
    voicelab compare reports/a reports/b --report comparison.html
    """
    from voicelab.analysis.compare import compare as put_together
    from voicelab.scoring.run_warnings import text_warnings

    mapped = options.word_map(word_map)
    found = put_together(
        runs, rules=normalizer, word_map=mapped, weights=weights, seed=seed, draws=draws, figures=figure or ()
    )
    for system in found.systems:
        for warning in text_warnings(found.rules, system.turns.values()):
            terminal.warn(f"{system.name}: {warning}")
    if as_json:
        terminal.print_json(_document(found))
    else:
        _show(found, flips)
    if report is not None:
        from voicelab.analysis.compare.page import write_page

        write_page(found, report)
        terminal.echo(f"report: {report}", err=as_json)
    if out is not None:
        from voicelab.runs import notebook

        folders = [str(run.resolve()) for run in runs]
        kept = None if mapped is None else {"sha256": mapped.sha256, "entries": [*map(list, mapped.entries)]}
        chosen = {"normalizer": normalizer, "word_map": kept, "weights": weights, "seed": seed, "draws": draws}
        written = notebook.execute("compare", out, {"runs": folders, **chosen})
        terminal.echo(f"notebook: {written}", err=as_json)


def _show(found: Comparison, most: int) -> None:
    _words(found.word_rows())
    speed = found.speed_rows()
    terminal.table("speed", [*speed[0]], [[_cell(value) for value in row.values()] for row in speed])
    several = len(found.systems) > 2
    pairs, tests, flipped = found.pair_rows(), found.test_rows(), found.flip_rows()
    for pair in found.each_pair():
        first, second = pair.first.name, pair.second.name
        _differences(first, second, _of(pairs, first=first, second=second))
        _tests(first, second, _of(tests, first=first, second=second)[0], several=several)
        for right, wrong in ((first, second), (second, first)):
            _flipped(right, wrong, _of(flipped, **{"right in": right, "wrong in": wrong}), most)
    terminal.echo(f"{len(found.disagreeing())} of {len(found.systems[0].turns)} samples have different transcripts.")
    modes = {one.run.spec.mode for one in found.systems}
    if len(modes) > 1:
        terminal.echo(f"latencies of {' and '.join(sorted(modes))} are not compared, because the sending modes differ.")


def _of(rows: Rows, **wanted: str) -> Rows:
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def _words(runs: Rows) -> None:
    rows = [
        (row["run"], row["recognizer"], f"{_cell(row['WER'])} {_ends(row['low'], row['high'], '.3f')}",
         str(row["substitutions"]), str(row["deletions"]), str(row["insertions"]), str(row["reference words"]),
         f"{row['scored']} of {row['scored'] + row['not scored']}")
        for row in runs
    ]  # fmt: skip
    terminal.table("words", ("run", "recognizer", "WER [95 %]", "sub", "del", "ins", "words", "scored"), rows)


def _differences(first: str, second: str, records: Rows) -> None:
    rows = [
        (row["figure"], f"{row['first value']:.3f} → {row['second value']:.3f}",
         f"{row['difference']:+.3f} {_ends(row['low'], row['high'], '+.3f')}", _relative(row))
        for row in records
    ]  # fmt: skip
    terminal.table(f"{first} → {second}", ("figure", "values", "difference [95 %]", "relative"), rows)
    made: dict[str, list[str]] = {}
    for row in records:
        method = f"no interval: {row['no interval']}" if _none(row["method"]) else row["method"]
        note = "" if _none(row["note"]) else f"; {row['note']}"
        of = f"{counted(row['samples'], 'sample')}, by {row['drawn by']}"
        made.setdefault(f"{of}, {method}{note}", []).append(row["figure"])
    for how, figures in made.items():
        terminal.echo(f"{how}: {', '.join(figures)}")
    terminal.echo()


def _relative(row: dict[str, Any]) -> str:
    if _none(row["relative"]):
        return "-"
    ends = (
        "" if _none(row["relative low"]) else f"[{100 * row['relative low']:+.0f}, {100 * row['relative high']:+.0f}]"
    )
    return f"{100 * row['relative']:+.1f} % {ends}".rstrip()


def _tests(first: str, second: str, row: dict[str, Any], *, several: bool) -> None:
    from voicelab.cli.score_output import show_tests

    z = "" if _none(row["Z"]) else f", mean {row['mean']:.3f}, sd {row['sd']:.3f}, Z {row['Z']:.3f}"
    by = row["by"]
    signs = f"{row['lower in first']} lower in the first, {row['lower in second']} in the second, {row['equal']} equal"
    bases = {
        "t": f"{'-' if _none(row['clusters']) else int(row['clusters'])} {by}s",
        "Sign": f"{by}s: {signs}",
        "Wilcoxon": f"{row['ranked']}",
        "MAPSSWE": f"{row['segments']} segments{z}",
        "McNemar": f"{row['only first right']} right in the first only, {row['only second right']} in the second only",
    }
    known = _known(row)
    rows = [(test, what, known.get(f"{test} p"), known.get(f"{test} Holm")) for test, what in bases.items()]
    show_tests(first, second, rows, several=several)
    if by != "sample":
        terminal.echo(
            f"MAPSSWE and McNemar assume independent segments and samples. Those of one {by} are correlated: if the "
            f"tests disagree, trust those by {by}."
        )
        terminal.echo()


def _flipped(right: str, wrong: str, records: Rows, most: int) -> None:
    if not records or not most:
        return
    rows = [(row["sample"], row["said"], row["heard wrong"]) for row in records[:most]]
    left = f", {len(records) - most} more in --json" if len(records) > most else ""
    terminal.table(f"right in {right}, wrong in {wrong}: {len(records)}{left}", ("sample", "said", "heard there"), rows)


def _none(value: object) -> bool:
    return value is None or (isinstance(value, float) and isnan(value))


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if not _none(value)}


def _cell(value: object) -> str:
    if _none(value):
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _ends(low: Any, high: Any, form: str) -> str:
    return "" if _none(low) or _none(high) else f"[{low:{form}}, {high:{form}}]"


def _document(found: Comparison) -> dict[str, Any]:
    tables = {
        "words": found.word_rows(), "differences": found.pair_rows(), "tests": found.test_rows(),
        "speed": found.speed_rows(), "flipped": found.flip_rows(),
    }  # fmt: skip
    records = {name: [dict.fromkeys(row) | _known(row) for row in rows] for name, rows in tables.items()}
    from voicelab.analysis.score_transcripts import rule

    made_by = {
        "runs": [one.name for one in found.systems],
        "normalizer": rule(found.rules),
        "weights": found.weights, "seed": found.seed, "draws": found.draws,
    }  # fmt: skip
    return made_by | records
